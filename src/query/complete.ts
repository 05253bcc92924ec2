import type { Extent, Field } from './ast.ts'
import { type CompletionContext, completionContext } from './completion-context.ts'
import { parseFacet, reservedField, reservedFields } from './fields.ts'
import { fold } from './glob.ts'
import { tokenize } from './lexer.ts'
import { parse } from './parse.ts'
import { printField, printText } from './print.ts'
import { QueryError } from './query-error.ts'

/** What has been observed, for `complete` to offer. */
export interface Observed {
  /** Attributes seen by the collector, as queries name them (`@usr.id`); reserved fields are known anyway. */
  readonly facets: readonly ObservedFacet[]
  /** Values of the facet that `completionContext` names. */
  readonly values?: readonly { readonly value: string | number | boolean; readonly count: number }[]
}

export interface ObservedFacet {
  readonly facet: string
  readonly type?: 'string' | 'number' | 'boolean' | 'list'
  readonly count?: number
}

export interface Completion {
  readonly kind: 'field' | 'operator' | 'value' | 'keyword'
  readonly label: string
  /** What it means, or how often it was seen. */
  readonly detail: string
  /** The whole text with the completion in place. It always parses. */
  readonly text: string
  /** What is selected then, for the user to type over; empty where nothing is left to say. */
  readonly selection: Extent
}

/** Most completions given at once. */
const MAX_COMPLETIONS = 50

interface Offer {
  readonly kind: Completion['kind']
  readonly label: string
  readonly detail: string
  readonly insert: string
  /** The stretch of `insert` to select; its end when absent. */
  readonly select?: Extent
}

/**
 * Completions at the cursor, best first: fields and OR/NOT where a condition can stand; operators and observed values
 * behind a field. Each is the whole text, closed where parentheses were left open; what would not parse is not offered.
 */
export function complete(text: string, cursor: number, observed: Observed): readonly Completion[] {
  const context = completionContext(text, cursor)
  if (context.expects === 'nothing') return []
  const offers = context.expects === 'field' ? fieldOffers(context, observed) : valueOffers(context, observed)
  const completions: Completion[] = []
  for (const offer of offers) {
    const made = place(text, context.replace, offer)
    if (made !== undefined) completions.push(made)
    if (completions.length === MAX_COMPLETIONS) break
  }
  return completions
}

function fieldOffers(context: CompletionContext & { expects: 'field' }, { facets }: Observed): readonly Offer[] {
  const known = [
    ...reservedFields.map(({ name, says }) => ({ facet: name as string, detail: says, count: 0 })),
    ...facets.map(({ facet, count = 0 }) => ({ facet, detail: count === 0 ? '' : `${count} spans`, count })),
  ]
  const fields = ranked(known, context.typed, ({ facet }) => facet).flatMap(({ facet, detail }): Offer[] => {
    const field = readFacet(facet)
    if (field === undefined) return []
    const name = printField(field)
    if (context.named) return [{ kind: 'field', label: facet, detail, insert: name }]
    const star = { start: name.length + 1, end: name.length + 2 }
    return [{ kind: 'field', label: facet, detail, insert: `${name}:*`, select: star }]
  })
  const keywords = keywordOffers.filter(({ label }) => label.startsWith(context.typed.toUpperCase()))
  return context.named ? fields : [...keywords, ...fields]
}

const keywordOffers: readonly Offer[] = [
  { kind: 'keyword', label: 'OR', detail: 'one of both', insert: 'OR *', select: { start: 3, end: 4 } },
  { kind: 'keyword', label: 'NOT', detail: 'all but', insert: 'NOT *', select: { start: 4, end: 5 } },
]

function valueOffers(
  context: CompletionContext & { expects: 'value' },
  { facets, values = [] }: Observed,
): readonly Offer[] {
  const field = readFacet(context.facet)
  if (field === undefined) return []
  const seen = ranked(values, context.typed, ({ value }) => String(value)).map(({ value, count }): Offer => ({
    kind: 'value',
    label: String(value),
    detail: `${count} spans`,
    insert: printText(String(value)),
  }))
  return context.typed === '' ? [...operatorOffers(field, facets), ...seen] : seen
}

function operatorOffers(field: Field, facets: readonly ObservedFacet[]): readonly Offer[] {
  const exists: Offer = { kind: 'operator', label: '*', detail: 'is there', insert: '*' }
  const sample = sampleOperand(field, facets)
  if (sample === undefined) return [exists]
  const comparisons = comparisonSigns.map(([sign, detail]): Offer => ({
    kind: 'operator',
    label: sign,
    detail,
    insert: sign + sample,
    select: { start: sign.length, end: sign.length + sample.length },
  }))
  const range: Offer = {
    kind: 'operator',
    label: '[… TO …]',
    detail: 'between',
    insert: `[${sample} TO *]`,
    select: { start: 1, end: 1 + sample.length },
  }
  return [exists, ...comparisons, range]
}

const comparisonSigns = [
  ['>', 'more than'],
  ['>=', 'at least'],
  ['<', 'less than'],
  ['<=', 'at most'],
] as const

/** Something to compare a numeric field with, to be typed over. */
function sampleOperand(field: Field, facets: readonly ObservedFacet[]): string | undefined {
  if (field.kind === 'attribute')
    return facets.find(({ facet }) => facet === `@${field.name}`)?.type === 'number' ? '0' : undefined
  const type = reservedField(field.name)?.type
  return type === 'duration' ? '1s' : type === 'timestamp' ? '0' : undefined
}

function readFacet(facet: string): Field | undefined {
  try {
    return parseFacet(facet)
  } catch (error) {
    if (error instanceof QueryError) return undefined
    throw error
  }
}

/** Those that hold what was typed: from their beginning, from the beginning of a part, anywhere; then by count. */
function ranked<Item extends { readonly count?: number }>(
  items: readonly Item[],
  typed: string,
  textOf: (item: Item) => string,
): readonly Item[] {
  const wanted = fold(typed)
  return items
    .map((item) => ({ item, rank: rankOf(fold(textOf(item)), wanted) }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => a.rank - b.rank || (b.item.count ?? 0) - (a.item.count ?? 0))
    .map(({ item }) => item)
}

function rankOf(text: string, wanted: string): number {
  const found = text.indexOf(wanted)
  if (found === 0 || text.startsWith(`@${wanted}`)) return 0
  return found < 0 ? -1 : text.includes(`.${wanted}`) ? 1 : 2
}

function place(text: string, replace: Extent, { kind, label, detail, insert, select }: Offer): Completion | undefined {
  const whole = text.slice(0, replace.start) + insert + text.slice(replace.end)
  const made = [whole, whole + missingClosers(whole)].find(parses)
  if (made === undefined) return undefined
  const { start, end } = select ?? { start: insert.length, end: insert.length }
  return { kind, label, detail, text: made, selection: { start: replace.start + start, end: replace.start + end } }
}

function parses(text: string): boolean {
  try {
    parse(text)
    return true
  } catch (error) {
    if (error instanceof QueryError) return false
    throw error
  }
}

function missingClosers(text: string): string {
  let open = 0
  for (const { kind } of tokenize(text)) {
    if (kind === '(') open++
    if (kind === ')' && open > 0) open--
  }
  return ')'.repeat(open)
}
