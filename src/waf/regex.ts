// Not under its own name: ES bundles of CommonJS packages declare a `createRequire` at their top.
import { createRequire as requireFrom } from 'node:module'
import { RE2JS } from 're2js'

/** Options of a pattern. RE2 syntax; `.` without newline, `^` and `$` only at the ends of the text. */
export interface PatternOptions {
  /** Default false: simple Unicode case folding. */
  readonly caseSensitive?: boolean
}

/** A compiled linear-time pattern; never V8's backtracking engine. */
export interface Pattern {
  readonly source: string
  test(text: string): boolean
  /** Tells the text of the leftmost match when it is asked for it; undefined: there is none. A fraction of `exec`. */
  match(text: string): (() => string) | undefined
  /** The leftmost match and its groups, or undefined. `index` in UTF-16 units. */
  exec(text: string): { readonly text: string; readonly index: number; readonly groups: readonly string[] } | undefined
  /** The first of the successive matches that is accepted. Ends without one at a match of nothing. */
  find(text: string, accept: (match: string) => boolean): string | undefined
}

interface Re2Instance {
  lastIndex: number
  test(text: string): boolean
  search(text: string): number
  exec(text: string): (string[] & { index: number }) | null
}
type Re2Constructor = new (source: string, flags: string) => Re2Instance

const native = loadNative()

/** Which engine patterns run on: the native one, or its pure-JavaScript equal where `re2` is not installed. */
export const regexEngine: 're2' | 're2js' = native === undefined ? 're2js' : 're2'

/** Compiles a pattern; throws SyntaxError with the engine's reason when it is not valid RE2. */
export function compilePattern(source: string, options: PatternOptions = {}): Pattern {
  return native === undefined ? compilePortable(source, options) : compileNative(native, source, options)
}

function loadNative(): Re2Constructor | undefined {
  try {
    // A bundle in CommonJS has no `import.meta.url`.
    return requireFrom(typeof __filename === 'undefined' ? import.meta.url : __filename)('re2') as Re2Constructor
  } catch {
    return undefined
  }
}

const beyondAscii = /[^\0-\x7f]/

function compileNative(Re2: Re2Constructor, source: string, { caseSensitive = false }: PatternOptions): Pattern {
  // The binding also reads escapes of JavaScript's own, which no other engine of this format knows.
  const foreign = /\\(?:[uc]|[pP]\{\^?\w+=)/.exec(source.replaceAll(/\\Q.*?(?:\\E|$)|\\[^ucpP]/gs, ''))
  if (foreign !== null) throw new SyntaxError(`invalid escape sequence: ${foreign[0]}`)
  const flags = caseSensitive ? 'u' : 'iu'
  const pattern = new Re2(source, flags)
  // Made when first needed: most patterns never match.
  let successive: Re2Instance | undefined
  const matchAt = (text: string, start: number): string => {
    // Offsets of what is not ASCII are left to the binding.
    if (beyondAscii.test(text)) return pattern.exec(text)?.[0] ?? ''
    successive ??= new Re2(source, `g${flags}`)
    successive.lastIndex = 0
    successive.test(text)
    return text.slice(start, successive.lastIndex)
  }
  return {
    source,
    test: (text) => pattern.test(text),
    match(text) {
      const start = pattern.search(text)
      return start < 0 ? undefined : () => matchAt(text, start)
    },
    exec(text) {
      const found = pattern.exec(text)
      return found === null ? undefined : { text: found[0] ?? '', index: found.index, groups: found.slice(1) }
    },
    find(text, accept) {
      successive ??= new Re2(source, `g${flags}`)
      successive.lastIndex = 0
      for (let found = successive.exec(text); found !== null; found = successive.exec(text)) {
        const match = found[0] ?? ''
        if (match === '') return undefined
        if (accept(match)) return match
      }
      return undefined
    },
  }
}

function compilePortable(source: string, { caseSensitive = false }: PatternOptions): Pattern {
  const pattern = RE2JS.compile(source, caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE)
  return {
    source,
    test: (text) => pattern.matcher(text).find(),
    match(text) {
      const matcher = pattern.matcher(text)
      return matcher.find() ? () => matcher.group() ?? '' : undefined
    },
    exec(text) {
      const matcher = pattern.matcher(text)
      if (!matcher.find()) return undefined
      const groups = Array.from({ length: matcher.groupCount() }, (_, index) => matcher.group(index + 1) ?? '')
      return { text: matcher.group() ?? '', index: matcher.start(), groups }
    },
    find(text, accept) {
      const matcher = pattern.matcher(text)
      while (matcher.find()) {
        const match = matcher.group() ?? ''
        if (match === '') return undefined
        if (accept(match)) return match
      }
      return undefined
    },
  }
}
