/** The known name closest to a mistyped one, when it is close enough to be meant. */
export function nearest(got: string, known: Iterable<string>): string | undefined {
  const shortened = got.slice(0, 64)
  let best: string | undefined
  let least = Math.max(2, Math.floor(shortened.length / 3)) + 1
  for (const name of known) {
    const distance = editDistance(shortened.toLowerCase(), name.toLowerCase())
    if (distance < least) [best, least] = [name, distance]
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
