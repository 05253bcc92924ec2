/** One condition of a rule, in the public format. */
export interface ConditionSpec {
  readonly operator: string
  readonly parameters: Readonly<Record<string, unknown>>
}

/** One rule of the shipped set, in the public format. */
export interface RuleSpec {
  readonly id: string
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  readonly conditions: readonly ConditionSpec[]
  readonly transformers?: readonly string[]
  readonly on_match?: readonly string[]
  readonly output?: Readonly<Record<string, unknown>>
}

export interface Input {
  readonly address: string
  readonly key_path?: readonly string[]
  readonly transformers?: readonly string[]
}

/** How sure a match is: 1 an attack and nothing else, 0 worth a look. */
export type Confidence = '0' | '1'

/** Tags of an attack on the service itself. */
export function attack(type: string, confidence: Confidence = '1') {
  return { type, category: 'attack_attempt', confidence } as const
}

/** A rule that only reports. */
export function monitor(
  id: string,
  name: string,
  tags: { readonly type: string; readonly category: string; readonly confidence: Confidence },
  conditions: readonly ConditionSpec[],
  transformers: readonly string[] = [],
): RuleSpec {
  return { id, name, tags, conditions, ...(transformers.length > 0 ? { transformers } : {}) }
}

/** `match_regex` over inputs; letters of either case. */
export function matches(inputs: readonly Input[], regex: string): ConditionSpec {
  return { operator: 'match_regex', parameters: { inputs, regex } }
}

/** Alternatives of a pattern, one a line in the source. */
export function anyOf(...alternatives: readonly string[]): string {
  return `(?:${alternatives.join('|')})`
}

/**
 * A pattern for values that are one line. A comment, a post or a document that quotes an attack has several; a value
 * that carries one seldom does, and freedom from false alarms is worth those few.
 */
export function oneLine(pattern: string): string {
  return `^[^\\r\\n]*${pattern}[^\\r\\n]*$`
}

export const address = {
  uri: { address: 'server.request.uri.raw' },
  query: { address: 'server.request.query' },
  pathParams: { address: 'server.request.path_params' },
  body: { address: 'server.request.body' },
  fileNames: { address: 'server.request.body.filenames' },
  cookies: { address: 'server.request.cookies' },
  headers: { address: 'server.request.headers.no_cookies' },
  method: { address: 'server.request.method' },
  status: { address: 'server.response.status' },
} as const satisfies Readonly<Record<string, Input>>

export function header(name: string): Input {
  return { ...address.headers, key_path: [name] }
}

/** What a client puts into the line of the request. */
export const lineInputs: readonly Input[] = [address.query, address.pathParams]
/** Everything a client sends as a value. */
export const valueInputs: readonly Input[] = [address.query, address.pathParams, address.body]
