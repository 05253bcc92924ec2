/**
 * Several streams, each in the order of `atMs`, as one in that order. Holds one event of each.
 * @param {Iterable<{ atMs: number }>[]} streams
 */
export function* inTimeOrder(streams) {
  const heads = []
  for (const stream of streams) {
    const iterator = stream[Symbol.iterator]()
    const { value, done } = iterator.next()
    if (!done) heads.push({ value, iterator })
  }
  while (heads.length > 0) {
    let first = 0
    for (let index = 1; index < heads.length; index++) {
      if (heads[index].value.atMs < heads[first].value.atMs) first = index
    }
    const head = heads[first]
    yield head.value
    const { value, done } = head.iterator.next()
    if (done) heads.splice(first, 1)
    else head.value = value
  }
}

/**
 * Puts a stream in order that is out of it by less than `slackMs`: what is made minute by minute runs over the edge of
 * the minute. An event later than the slack allows is an error of the maker, and thrown.
 * @param {Iterable<{ atMs: number }>} stream
 */
export function* reordered(stream, slackMs) {
  let waiting = []
  let latest = -Infinity
  let given = -Infinity
  for (const event of stream) {
    if (event.atMs < given) throw new RangeError(`an event comes ${given - event.atMs} ms too late to be put in order`)
    waiting.push(event)
    if (event.atMs < latest + slackMs) continue
    latest = event.atMs
    waiting.sort((a, b) => a.atMs - b.atMs)
    let count = 0
    while (count < waiting.length && waiting[count].atMs <= latest - slackMs) count++
    if (count > 0) given = waiting[count - 1].atMs
    yield* waiting.slice(0, count)
    waiting = waiting.slice(count)
  }
  yield* waiting.sort((a, b) => a.atMs - b.atMs)
}
