/** The text with A to Z, and nothing else, in lower case. */
export function lowerAscii(text: string): string {
  let hasUpper = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code >= 0x80) return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    hasUpper ||= code >= 0x41 && code <= 0x5a
  }
  return hasUpper ? text.toLowerCase() : text
}
