/** Texts remembered at once, and the longest of them. */
const maxRemembered = 1024
const maxRememberedLength = 512

/** Keeps what was worked out of the texts of late: two halves, of which the older one is dropped when the newer is full. */
export function rememberByText<T>(workOut: (text: string) => T): (text: string) => T {
  let recent = new Map<string, T>()
  let older = new Map<string, T>()
  return (text) => {
    const known = recent.get(text)
    if (known !== undefined) return known
    if (text.length > maxRememberedLength) return workOut(text)
    const result = older.get(text) ?? workOut(text)
    if (recent.size >= maxRemembered / 2) {
      older = recent
      recent = new Map()
    }
    recent.set(text, result)
    return result
  }
}
