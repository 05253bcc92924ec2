import type { PageKind } from './block-page.ts'

/** Ranges of one header that are looked at. */
const MAX_RANGES = 50

interface Preference {
  readonly quality: number
  /** A named type beats a wildcard of the same quality. */
  readonly exact: boolean
}

/**
 * Which of the two pages a client prefers by its `Accept` header (RFC 9110 12.5.1): HTML only where it is named, and
 * wanted more than JSON, or as much while JSON is covered by a wildcard alone. Everything else gets JSON.
 */
export function preferredPage(accept: string | undefined): PageKind {
  if (accept === undefined) return 'json'
  const ranges = accept.split(',', MAX_RANGES).map(readRange)
  const html = preference(ranges, 'text/html', 'text/*')
  const json = preference(ranges, 'application/json', 'application/*')
  if (!html.exact || html.quality === 0) return 'json'
  if (html.quality !== json.quality) return html.quality > json.quality ? 'html' : 'json'
  return json.exact ? 'json' : 'html'
}

interface Range {
  readonly type: string
  readonly quality: number
}

function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';')
  const weight = parameters.map((parameter) => parameter.trim()).find((parameter) => /^q=/i.test(parameter))
  const quality = weight === undefined ? 1 : Number(weight.slice(2))
  return { type: type.trim().toLowerCase(), quality: quality >= 0 && quality <= 1 ? quality : 0 }
}

function preference(ranges: readonly Range[], exact: string, group: string): Preference {
  const named = ranges.find(({ type }) => type === exact)
  if (named !== undefined) return { quality: named.quality, exact: true }
  const covering = ranges.find(({ type }) => type === group) ?? ranges.find(({ type }) => type === '*/*')
  return { quality: covering?.quality ?? 0, exact: false }
}
