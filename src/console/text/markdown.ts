export interface Inline {
  readonly look: 'plain' | 'strong' | 'emphasis' | 'code'
  readonly text: string
}

export type Block =
  | { readonly kind: 'heading'; readonly inlines: readonly Inline[] }
  | { readonly kind: 'paragraph'; readonly inlines: readonly Inline[] }
  | { readonly kind: 'numbered'; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: 'bulleted'; readonly items: readonly (readonly Inline[])[] }

/** The Markdown that triage guides are written in: headings, paragraphs, flat lists, bold, emphasis and code. */
export function readMarkdown(text: string): readonly Block[] {
  return text
    .split(/\n{2,}/)
    .map((block) => block.trim())
    .filter((block) => block !== '')
    .flatMap((block): Block[] => {
      const heading = /^#+ (.*)$/s.exec(block)
      if (heading !== null) return [{ kind: 'heading', inlines: readInlines(heading[1] ?? '') }]
      const lines = block.split('\n')
      const listFrom = lines.findIndex((line) => /^(\d+\.|[-*]) /.test(line))
      if (listFrom < 0) return [{ kind: 'paragraph', inlines: readInlines(lines.join(' ')) }]
      const isNumbered = /^\d/.test(lines[listFrom] ?? '')
      const before = lines.slice(0, listFrom).join(' ')
      return [
        ...(before === '' ? [] : [{ kind: 'paragraph', inlines: readInlines(before) } as const]),
        {
          kind: isNumbered ? 'numbered' : 'bulleted',
          items: readItems(lines.slice(listFrom)).map((item) => readInlines(item)),
        },
      ]
    })
}

function readItems(lines: readonly string[]): readonly string[] {
  const items: string[] = []
  for (const line of lines) {
    const start = /^(?:\d+\.|[-*]) (.*)$/.exec(line)
    if (start === null) items.push(`${items.pop() ?? ''} ${line.trim()}`)
    else items.push(start[1] ?? '')
  }
  return items
}

const marks = /\*\*([^*]+)\*\*|\*([^*]+)\*|`([^`]+)`/g

function readInlines(text: string): readonly Inline[] {
  const found: Inline[] = []
  let at = 0
  for (const match of text.matchAll(marks)) {
    if (match.index > at) found.push({ look: 'plain', text: text.slice(at, match.index) })
    const [whole, strong, emphasis, code] = match
    if (strong !== undefined) found.push({ look: 'strong', text: strong })
    else if (emphasis !== undefined) found.push({ look: 'emphasis', text: emphasis })
    else found.push({ look: 'code', text: code ?? '' })
    at = match.index + whole.length
  }
  if (at < text.length) found.push({ look: 'plain', text: text.slice(at) })
  return found
}
