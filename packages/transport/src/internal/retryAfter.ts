import * as Option from "effect/Option"

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

const day = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
const time = String.raw`(?<time>\d{2}:\d{2}:\d{2})`
const month = `(?<month>${months.join("|")})`

/** RFC 9110 §5.6.7: the one form that is written today, and two that are still read. */
const forms = [
  new RegExp(String.raw`^${day}, (?<day>\d{2}) ${month} (?<year>\d{4}) ${time} GMT$`),
  new RegExp(
    String.raw`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d{2})-${month}-(?<year>\d{2}) ${time} GMT$`
  ),
  new RegExp(String.raw`^${day} ${month} (?<day>[ \d]\d) ${time} (?<year>\d{4})$`)
]

/** Years of two digits are those nearest to now that do not lie more than fifty years ahead. */
const fullYear = (year: string, now: number): number => {
  if (year.length === 4) return Number(year)
  const current = new Date(now * 1000).getUTCFullYear()
  const guess = current - current % 100 + Number(year)
  return guess > current + 50 ? guess - 100 : guess
}

const dateSeconds = (text: string, now: number): Option.Option<number> => {
  for (const form of forms) {
    const found = form.exec(text)?.groups
    if (found === undefined) continue
    const { day = "", month = "", time = "", year = "" } = found
    const two = (value: number) => String(value).padStart(2, "0")
    const date = `${String(fullYear(year, now)).padStart(4, "0")}-${two(months.indexOf(month) + 1)}-${two(Number(day))}`
    const millis = Date.parse(`${date}T${time}Z`)
    return Number.isNaN(millis) ? Option.none() : Option.some(millis / 1000)
  }
  return Option.none()
}

/**
 * How many seconds from `now` a `Retry-After` header asks to wait: a number of seconds, or a date. A date that has
 * passed asks for none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export const read = (header: string | undefined, now: number): Option.Option<number> => {
  if (header === undefined) return Option.none()
  if (/^\d{1,9}$/.test(header)) return Option.some(Number(header))
  return Option.map(dateSeconds(header, now), (at) => Math.max(0, at - now))
}
