/** Recognises a kind of value (an e-mail address, a card number) by key and value, for extract_schema. */
export interface Scanner {
  readonly id: string
  readonly tags: Readonly<Record<string, string>>
  matches(key: string, value: string): boolean
}
