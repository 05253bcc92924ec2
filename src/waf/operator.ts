import type { DataSet } from './data-set.ts'
import type { Need } from './prefilter/required-literals.ts'
import type { PatternOptions, Pattern } from './regex.ts'

/** A scalar inside an address, as an operator sees it: strings are already transformed and decoded. */
export type Scalar = string | number | bigint | boolean | null

/** What an operator found: the parts of the value to point at, and the value to report when it is not the one given. */
export interface Match {
  readonly highlight: readonly string[]
  readonly value?: string
}

/** What an operator may use while it is compiled. `warn` and `fail` name the JSON path of the condition's parameters. */
export interface CompileScope {
  /** JSON path of `parameters`, such as `rules[3].conditions[0].parameters`. */
  readonly path: string
  /** Notes something that is left out but does not spoil the rule. */
  warn(message: string): void
  /** The live list of `rules_data` with this id; it may change or appear after the rule was compiled. */
  data(id: string): DataSet
  regex(source: string, options?: PatternOptions): Pattern
}

/** `text`: strings, and numbers and booleans as they are written. */
export type Accepts = 'text' | 'string' | 'number' | 'boolean' | 'any'

/**
 * An operator over scalars: called for each scalar below the target until one matches.
 * `compile` throws PortcullisError RULESET_INVALID when the parameters cannot be used.
 */
export interface ScalarOperator<Name extends string = string> {
  readonly kind: 'scalar'
  readonly name: Name
  /** Whether `!name` exists: true when the target holds a value of an accepted type and none matches. */
  readonly negatable: boolean
  /**
   * The types of scalar it looks at; others are passed over (and do not count as present for the negation).
   * Of `text`, a negation is given strings only.
   */
  readonly accepts: Accepts | ((parameters: Readonly<Record<string, unknown>>) => Accepts)
  /**
   * What every value that matches holds, so that other values need not be tried. Absent, or undefined: nothing is known.
   * Texts are folded (`prefilter/char-set.ts`); "\u0080" stands for any character beyond ASCII, alone in its text.
   */
  readonly requires?: (parameters: Readonly<Record<string, unknown>>) => Need | undefined
  /** What `operator_value` says in an event: the regex, or "". */
  readonly operatorValue?: (parameters: Readonly<Record<string, unknown>>) => string
  compile(parameters: Readonly<Record<string, unknown>>, scope: CompileScope): ScalarMatcher
}
/** Whether a value matches. `time` is that of the run, for lists with expirations. */
export type ScalarMatcher = (value: Scalar, time: MatchTime) => Match | undefined

/** The unix time of a run; the clock is read when it is first asked for. */
export interface MatchTime {
  readonly nowSeconds: number
}

/** Where no list with expirations is asked. */
export const noTime: MatchTime = { nowSeconds: 0 }

/** An exploit detector: looks for a request parameter inside a resource (a path, URL, statement or command). */
export interface ExploitOperator<Name extends string = string> {
  readonly kind: 'exploit'
  readonly name: Name
  /** Highest `@vN` that is understood. */
  readonly version: number
  /** Whether it must be told, by `db_type`, where the dialect of its resource is. */
  readonly readsDialect?: boolean
  /** Parameters shorter than this many bytes are passed over. */
  readonly minParameterBytes: number
  compile(parameters: Readonly<Record<string, unknown>>, scope: CompileScope): ExploitMatcher
  /** Gives what judges the resource by itself, once there are parameters, whatever they hold; mostly there is none. */
  compileJudge?(parameters: Readonly<Record<string, unknown>>, scope: CompileScope): ResourceJudge | undefined
}
/**
 * `resource` as given (string, or argv array); `parameter` is one string of the request; `dialect` the value of `db_type`.
 * `resource` in the result replaces the reported resource (literals of a statement hidden).
 */
export type ExploitMatcher = (
  resource: unknown,
  parameter: string,
  dialect: string | undefined,
) => ExploitMatch | undefined
export type ResourceJudge = (resource: unknown) => ExploitMatch | undefined
export interface ExploitMatch {
  readonly highlight: readonly string[]
  /** Replaces the reported parameter. */
  readonly parameter?: string
  readonly resource?: string
}

/** An operator that asks only whether its inputs are there; the engine itself answers it. */
export interface PresenceOperator<Name extends string = string> {
  readonly kind: 'presence'
  readonly name: Name
  readonly negatable: boolean
}

export type Operator<Name extends string = string> =
  | ScalarOperator<Name>
  | ExploitOperator<Name>
  | PresenceOperator<Name>
