/** Control characters, and those that turn the direction of the text or are not seen. */
// oxlint-disable-next-line no-control-regex -- those are what is taken out
const unseen = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** One line of text from outside as it can be shown: nothing invisible in it, and no longer than this. */
export function inert(text: string, maxLength: number): string {
  const shown = text.slice(0, maxLength + 1).replace(unseen, '\ufffd')
  return shown.length > maxLength ? `${shown.slice(0, maxLength - 1)}…` : shown
}
