/** Of entries whose time passes, how many are looked at in one step: more than are added in one, so that few stay. */
export const perStep = 4

/**
 * Forgets in bounded steps: each looks at the next few entries of the map, in a circle, and forgets those that have ended.
 * With a step for each entry that is added, no more than a third as many as are alive wait to be forgotten.
 */
export const sweeper = <Key, Value>(
  map: Map<Key, Value>,
  hasEnded: (value: Value, now: number) => boolean,
  forgotten?: (key: Key, value: Value) => void
): (now: number) => void => {
  let rest = map.entries()
  return (now) => {
    for (let left = perStep; left > 0; left--) {
      const next = rest.next()
      if (next.done === true) {
        rest = map.entries()
        return
      }
      const [key, value] = next.value
      if (hasEnded(value, now)) {
        map.delete(key)
        forgotten?.(key, value)
      }
    }
  }
}
