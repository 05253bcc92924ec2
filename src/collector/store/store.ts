import type { Span } from '../../model/span.ts'
import type { AttributeValue, SpanRecord } from '../../model/span-record.ts'
import type { RuleQuery } from '../../model/detection-rule.ts'

/** A query in the explorer's language; the store parses it and throws QUERY_SYNTAX or QUERY_UNKNOWN_FIELD. */
export type QueryText = string

/** A half-open range of event time, milliseconds since 1970: `fromMs <= timestamp < toMs`. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * Which records a question is about: `full`, explorer records; `all`, compact ones too, which carry few attributes
 * (src/model/compact-record.ts), live for hours (`StoreStats.compactFromMs`), and count as many as they
 * stand for. Distinct values are those seen: where requests were sampled, at least so many.
 */
export type RecordScope = 'full' | 'all'

/** One service-entry span on its way in. */
export interface AppendRecord {
  readonly record: SpanRecord
  /** `full`: an explorer record; `compact`: only what baselines and collateral need. */
  readonly keep: 'full' | 'compact'
  /** Whether it came with an ingest key (or over loopback); automation acts on no other. */
  readonly trusted: boolean
  /** How many requests a sampled compact record stands for; 1 when absent. */
  readonly weight?: number
}

export interface AppendBatch {
  readonly records: readonly AppendRecord[]
  /** All spans of the traces kept in full, for the trace view. */
  readonly spans: readonly Span[]
}

export interface AppendResult {
  readonly stored: number
  /** Spans that had been stored before (a retried batch). */
  readonly duplicates: number
}

export interface SearchPage {
  readonly records: readonly SpanRecord[]
  /** Cursor of the next page, null at the end. */
  readonly next: string | null
}

/** What is computed for each bucket or group: a count of records, or of the distinct values of a facet. */
export type Aggregate = 'count' | { readonly cardinality: string }

export interface Series {
  readonly group: Readonly<Record<string, string>>
  /** One `[startMs, value]` for each bucket of the range, empty buckets 0; values of the first aggregate. */
  readonly points: readonly (readonly [number, number])[]
}

export interface TopRow {
  readonly group: Readonly<Record<string, string>>
  /** One value an aggregate, in their order. */
  readonly values: readonly number[]
  readonly firstSeenMs: number
  readonly lastSeenMs: number
}

/** A list of groups that is kept as it was when it was made, to be read a page at a time however long it is. */
export interface GroupListRequest {
  readonly query: QueryText
  readonly range: TimeRange
  /** A group is a value of this facet. */
  readonly by: string
  /** Of which facet the distinct values of each group are counted. */
  readonly distinct: string
  /** Of which other queries the records of each group are counted. */
  readonly counts?: readonly QueryText[]
  /** Of which facets each group's most frequent value among the records of a query is told; of equal ones the first. */
  readonly values?: readonly { readonly of: string; readonly query: QueryText }[]
}

/** One group of a kept list; `counts` and `values` are in the order of the request, null: it has no value. */
export interface ListedGroup {
  readonly value: string
  readonly count: number
  readonly distinct: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly counts: readonly number[]
  readonly values: readonly (string | null)[]
}

/** A group in a window, beside what it has in a baseline; one value an aggregate, in their order. */
export interface ComparedGroup {
  readonly group: Readonly<Record<string, string>>
  readonly values: readonly number[]
  readonly baseline: readonly number[]
  /** The first value less what a baseline of the window's length has. */
  readonly excess: number
}

/** What an engine can do, where engines differ. */
export interface StoreCapabilities {
  readonly engine: string
  /** Whether distinct values are counted exactly, or estimated. */
  readonly cardinality: 'exact' | 'estimated'
  /** Whether what is erased is gone once `eraseUser` resolves, or in the background after it. */
  readonly erasure: 'at once' | 'later'
  /** Whether `backup` writes a copy; else the engine's own means are to be used. */
  readonly backup: boolean
}

export interface Facet {
  readonly facet: string
  readonly type: 'string' | 'number' | 'boolean' | 'list'
  readonly count: number
}

/** What a detection rule asks of the store: its queries over windows of event time, by group. */
export interface WindowRequest {
  readonly queries: Readonly<Record<string, RuleQuery>>
  readonly suppress: readonly QueryText[]
  /** Reserved fields or `@facets`; records without one of them are left out. */
  readonly groupBy: readonly string[]
  readonly windowSeconds: number
  /**
   * Which windows: those that end at a whole second in which the group has a record of one of the queries, and
   * `sequence`: that records appended after this position touch; or `range`: all that end in the range (back-test).
   */
  readonly touched: NewRecords | TimeRange
}

/** Records by the order in which they were appended: `afterSequence < sequence <= upToSequence`. */
export interface NewRecords {
  readonly afterSequence: number
  readonly upToSequence: number
  /** When they happened, in whole seconds, as `Store.touched` said; asked for anew when absent. */
  readonly seconds?: TouchedSeconds
}

/** Whole seconds of event time, both inclusive. A record belongs to the second that its time is rounded up to. */
export interface TouchedSeconds {
  readonly from: number
  readonly to: number
}

/**
 * Whether a question is one that protection waits for: these have a place of their own, so that no question of a person,
 * however dear, delays a block.
 */
export interface Urgency {
  readonly urgent?: boolean
}

/** What a rule of long windows asks of the store: its queries over stretches of event time, by group. */
export interface CountRequest extends Pick<WindowRequest, 'queries' | 'suppress' | 'groupBy'>, Urgency {
  /** Records with `fromMs < timestamp <= toMs`. */
  readonly range: TimeRange
  /** Cuts the range into stretches of this length, which ends with the last of them; one stretch when absent. */
  readonly stepMs?: number
  /** Instead: windows `(end − lengthMs, end]` that may overlap, read in one go; the range has to hold all of them. */
  readonly windows?: { readonly endsMs: readonly number[]; readonly lengthMs: number }
  /** Leaves out history: what came more than 15 minutes late. */
  readonly live: boolean
  /** Most groups of a stretch. */
  readonly limit: number
}

/** The counts of one group in the window `(toMs − windowSeconds, toMs]`. */
export interface WindowCounts {
  readonly group: Readonly<Record<string, string>>
  readonly toMs: number
  readonly counts: Readonly<Record<string, number>>
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  /** Whether every record counted was trusted (AppendRecord.trusted). */
  readonly trusted: boolean
}

/** What a search for clusters asks of the store: requests by what they tell of the client that made them. */
export interface TraitRequest {
  readonly range: TimeRange
  /** Stretches of the range that are left out; they do not overlap. */
  readonly without?: readonly TimeRange[]
  /** Requests that succeeded, and all others that are looked at; a request of both queries succeeded. */
  readonly successes: QueryText
  readonly attempts: QueryText
  /** A request that came this long before the end of the range weighs half as much in `recent…`. */
  readonly halfLifeMs: number
  /** Into so many equal parts the range is cut to find bursts. */
  readonly parts: number
  /** Most combinations of traits that are told apart. */
  readonly limit: number
}

/** All requests with the same traits; `weight` combinations stand behind this one where there are more than `limit`. */
export interface TraitCounts {
  /** As `decodeClientTraits` reads it. */
  readonly traits: string
  readonly weight: number
  readonly failures: number
  readonly successes: number
  readonly recentFailures: number
  readonly recentSuccesses: number
  /** Failures, those of a part counted up to three times the median part and three more. */
  readonly usualFailures: number
}

/** Records of a scan as columns: the same place in each is of the same record. */
export interface ScanPart {
  readonly timestampMs: readonly number[]
  readonly traceIds: readonly string[]
  /** How many requests a record stands for. */
  readonly weights: readonly number[]
  /** For each attribute asked for, its values as texts; null where a record lacks it, a list where it has several. */
  readonly values: readonly (readonly (AttributeValue | null)[])[]
}

export interface StoreStats {
  readonly records: number
  readonly bytesOnDisk: number
  /** Of these, what records take; the rest is room that an engine keeps for new ones. */
  readonly bytesUsed: number
  readonly oldestMs: number | null
  readonly newestMs: number | null
  /** Begin of the oldest hour of compact records; null without any. */
  readonly compactFromMs: number | null
}

/**
 * Spans and events at rest. One contract suite (test/conformance/store) runs over every engine.
 * All methods reject with PortcullisError; after `close` with STORE_FULL. Questions of the explorer that take too long are
 * stopped with QUERY_TOO_SLOW; those of detection and exports are not.
 */
export interface Store {
  readonly capabilities: StoreCapabilities
  /** Resolves once the batch is durable. A span already stored (trace + span id, 15 minutes) is counted, not stored. */
  append(batch: AppendBatch): Promise<AppendResult>
  /** The highest ingest sequence that is durable; rows are numbered from 1 in the order in which they were appended. */
  sequence(): Promise<number>
  search(
    query: QueryText,
    range: TimeRange,
    page: {
      readonly limit: number
      readonly cursor?: string
      readonly sort?: 'timestamp' | '-timestamp'
      readonly records?: RecordScope
    },
  ): Promise<SearchPage>
  timeseries(
    query: QueryText,
    range: TimeRange,
    options: {
      readonly intervalMs: number
      readonly aggregates: readonly Aggregate[]
      readonly by?: readonly string[]
      readonly limit?: number
      readonly records?: RecordScope
    } & Urgency,
  ): Promise<readonly Series[]>
  /** Groups by the facets, largest first aggregate first; `by` facets that a record lacks leave it out. */
  top(
    query: QueryText,
    range: TimeRange,
    options: {
      readonly by: readonly string[]
      readonly aggregates: readonly Aggregate[]
      readonly limit: number
      readonly offset?: number
      readonly records?: RecordScope
    } & Urgency,
  ): Promise<readonly TopRow[]>
  /**
   * Makes a list of all groups of a query, largest first, equal ones in the order of their values; resolves with its
   * number. It costs memory until `dropGroups`, or until a user is erased.
   */
  keepGroups(request: GroupListRequest): Promise<number>
  /** A stretch of a kept list, from a place in it (0: its first); null when it is no longer kept. */
  keptGroups(
    list: number,
    page: { readonly from: number; readonly limit: number },
  ): Promise<readonly ListedGroup[] | null>
  dropGroups(list: number): Promise<void>
  /** The groups of a query in a window against a baseline, the largest excess first. */
  compare(
    query: QueryText,
    ranges: { readonly window: TimeRange; readonly baseline: TimeRange },
    options: {
      readonly by: readonly string[]
      readonly aggregates: readonly Aggregate[]
      readonly limit: number
      readonly records?: RecordScope
    },
  ): Promise<readonly ComparedGroup[]>
  facets(range: TimeRange): Promise<readonly Facet[]>
  facetValues(
    facet: string,
    query: QueryText,
    range: TimeRange,
    limit: number,
  ): Promise<readonly { readonly value: AttributeValue; readonly count: number }[]>
  /**
   * Evaluates a detection rule's queries: their counts in its windows, in the order of `toMs`. What they mean, which
   * cases hold and what becomes of it, is the detection's.
   */
  windows(request: WindowRequest): Promise<readonly WindowCounts[]>
  /**
   * When the records that are new to each of these requests happened; undefined: there are none, and so no windows. One
   * look for all of them. Requests of a range are not for this.
   */
  touched(
    requests: readonly (WindowRequest & { readonly touched: NewRecords })[],
  ): Promise<readonly (TouchedSeconds | undefined)[]>
  /** Counts over stretches of time, each with its end as `toMs`, in this order; groups with the most records first. */
  counts(request: CountRequest): Promise<readonly WindowCounts[]>
  /** Requests by the traits of their client, the most frequent first; records without traits are left out. */
  traits(request: TraitRequest): Promise<readonly TraitCounts[]>
  /** The spans of a trace; `aroundMs` makes it cheap. */
  trace(traceId: string, aroundMs?: number): Promise<readonly Span[]>
  /** The whole result of a query as it streams, in constant memory. */
  export(query: QueryText, range: TimeRange, format: 'csv' | 'ndjson', signal?: AbortSignal): AsyncIterable<Uint8Array>
  /** Some attributes (by their names without `@`) of all records of a query, a part at a time, in no strict order. */
  scan(
    query: QueryText,
    range: TimeRange,
    options: { readonly attributes: readonly string[]; readonly records?: RecordScope },
    signal?: AbortSignal,
  ): AsyncIterable<ScanPart>
  /** Drops the days before this one (`YYYY-MM-DD`, UTC); returns how many. */
  dropBefore(day: string): Promise<number>
  /** Drops the hours of compact records that end before this time; returns how many. */
  dropCompactBefore(timestampMs: number): Promise<number>
  /** Erases the records of a user, by `usr.id` or `usr.login`; returns how many. */
  eraseUser(selector: { readonly userId: string } | { readonly login: string }): Promise<number>
  /** Writes a copy of what is stored now into a directory; spans are taken meanwhile. */
  backup(dir: string): Promise<void>
  /** Resolves once the engine has no work of its own left, such as indexing what has been stored. */
  settled(): Promise<void>
  checkpoint(): Promise<void>
  stats(): Promise<StoreStats>
  /** Makes durable what was taken, and interrupts what is being read; again, it is the same close. */
  close(): Promise<void>
}
