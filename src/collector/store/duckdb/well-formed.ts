const loneSurrogate = /\p{Surrogate}/gu

/** A lone surrogate would make JSON unreadable for the engine. */
export function wellFormed(text: string): string {
  return isWellFormed(text) ? text : text.replaceAll(loneSurrogate, '\ufffd')
}

/** In Node from 20 on, and in TypeScript's library from es2024 on. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}
