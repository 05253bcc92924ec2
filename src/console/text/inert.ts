/** A stretch of text as it is, or a character that would not be seen or would change how the rest is read. */
export type Part = { readonly text: string } | { readonly hidden: string }

const hiddenCharacter = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/u

/** Splits text from the outside: control, bidi and other invisible characters apart, to be shown by their code. */
export function inertParts(text: string): readonly Part[] {
  const parts: Part[] = []
  let plain = ''
  for (const character of text) {
    if (!hiddenCharacter.test(character)) {
      plain += character
      continue
    }
    if (plain !== '') parts.push({ text: plain })
    plain = ''
    parts.push({ hidden: `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}` })
  }
  if (plain !== '') parts.push({ text: plain })
  return parts
}
