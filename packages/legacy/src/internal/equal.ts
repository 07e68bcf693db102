const utf8 = new TextEncoder()

/** Takes as long wherever the first difference is. */
export const equal = (a: string, b: string): boolean => {
  const [left, right] = [utf8.encode(a), utf8.encode(b)]
  let difference = left.length ^ right.length
  for (let i = 0; i < left.length; i++) difference |= (left[i] ?? 0) ^ (right[i] ?? 0)
  return difference === 0
}
