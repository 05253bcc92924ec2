/**
 * The syntax tree of a query. Three layers: conditions joined by and/or/not; a condition on a field, or free text; and
 * the test of a field's value, which a value list joins by and/or/not again. What each means on a record is said here,
 * once; `match` and every engine's SQL agree on it exactly.
 */

/** Where a node stands in the text it was parsed from: UTF-16 units, `end` exclusive. Absent in trees made by code. */
export interface Extent {
  readonly start: number
  readonly end: number
}

export type Query =
  /** Every record. */
  | { readonly kind: 'all'; readonly at?: Extent }
  /** Records that all of two or more items hold for. */
  | { readonly kind: 'and'; readonly items: readonly Query[]; readonly at?: Extent }
  /** Records that one of two or more items holds for. */
  | { readonly kind: 'or'; readonly items: readonly Query[]; readonly at?: Extent }
  /** Records that the item does not hold for; also those that lack its field. */
  | { readonly kind: 'not'; readonly item: Query; readonly at?: Extent }
  /**
   * Free text: the pattern occurs, case ignored, as whole words in the resource name, `@http.route`,
   * `@http.useragent` or `@appsec.events_data.usr.login` (`freeTextFacets`). See `wordPattern` for what a whole word is.
   */
  | { readonly kind: 'text'; readonly glob: Glob; readonly at?: Extent }
  /** A value of the field passes the test. Of a list attribute, each item is a value; a field that is absent has none. */
  | { readonly kind: 'field'; readonly field: Field; readonly test: Test; readonly at?: Extent }

/** A reserved field, written without `@`, or an attribute of the record, written with it. */
export type Field =
  | { readonly kind: 'reserved'; readonly name: ReservedName }
  | { readonly kind: 'attribute'; readonly name: string }

export type ReservedName =
  | 'service'
  | 'env'
  | 'version'
  | 'status'
  | 'trace_id'
  | 'span_id'
  | 'resource_name'
  | 'operation_name'
  | 'duration'
  | 'timestamp'
  | 'type'

/**
 * The test of a field. The leaves look at one value at a time, and hold when some value passes:
 * a number or boolean is seen as its text (JavaScript's `String(value)`) except by `compare` and `range`.
 */
export type Test =
  /** Every one of the tests holds for the field (not necessarily through the same value). */
  | { readonly kind: 'all'; readonly tests: readonly Test[]; readonly at?: Extent }
  | { readonly kind: 'any'; readonly tests: readonly Test[]; readonly at?: Extent }
  /** The test does not hold for the field: no value passes, or there is none. */
  | { readonly kind: 'not'; readonly test: Test; readonly at?: Extent }
  | Leaf

export type Leaf =
  /** The field is there. A reserved field that is the empty string counts as absent; an attribute does not. */
  | { readonly kind: 'exists'; readonly at?: Extent }
  /** The value is this text; `ignoreCase` compares `fold` of both. */
  | { readonly kind: 'is'; readonly text: string; readonly ignoreCase: boolean; readonly at?: Extent }
  /** The whole value is of this shape, case ignored (`fold`). `*` is any run of characters, `?` one code point. */
  | { readonly kind: 'like'; readonly glob: Glob; readonly at?: Extent }
  /**
   * The value is a number, or text that is one (`numberText`), and compares so with the operand. `=` is used for the
   * numeric reserved fields only.
   */
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly operand: Operand; readonly at?: Extent }
  /** The value is a number, or text that is one, between the bounds; an absent bound is open. */
  | { readonly kind: 'range'; readonly low?: Bound; readonly high?: Bound; readonly at?: Extent }
  /**
   * Only on address fields (`addressFacets`): the value is an address inside the network. `words` and `bits` as in
   * `IpNetwork`: four 32-bit words, most significant first, IPv4 in its v4-mapped form; 128 bits for a single address.
   */
  | {
      readonly kind: 'network'
      readonly text: string
      readonly words: readonly number[]
      readonly bits: number
      readonly at?: Extent
    }
  /**
   * Only on `trace_id` and `span_id`: the value is one of `equals`, or ends in one of `endsWith` (lower-case hex).
   * `text` is what was written, in hexadecimal or decimal; what can be read either way means both.
   */
  | {
      readonly kind: 'id'
      readonly text: string
      readonly equals: readonly string[]
      readonly endsWith: readonly string[]
      readonly at?: Extent
    }

export type Comparison = '=' | '>' | '>=' | '<' | '<='

/** A number as written, and its value in the field's unit: `duration` and `timestamp` in milliseconds, else as it is. */
export interface Operand {
  readonly text: string
  readonly value: number
}

export interface Bound extends Operand {
  readonly inclusive: boolean
}

/** Literal stretches and wildcards, in order. Neighbouring literals are joined, empty ones left out, `**` is one `*`. */
export type Glob = readonly GlobPart[]
export type GlobPart = string | { readonly wildcard: '*' | '?' }
