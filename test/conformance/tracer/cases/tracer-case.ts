/** One request to the app of app.ts, and what is seen of it at the agent. Facts of spec/tracer.md part 2. */
export interface TracerCase {
  readonly says: string
  /** Paths that are asked for first. */
  readonly before?: readonly string[]
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** On top of `DD_APPSEC_ENABLED=true` and the rules of rules.ts; `{directory}` is where its files are, `{port}` the agent's. */
  readonly environment?: Readonly<Record<string, string>>
  readonly status: number
  readonly reply?: RegExp
  readonly replyHeaders?: Readonly<Record<string, string | RegExp>>
  /** Tags of the span; a tag that is `undefined` is not there. */
  readonly meta?: Readonly<Record<string, string | RegExp | undefined>>
  readonly metrics?: Readonly<Record<string, number | undefined | 'some'>>
  /** Tags that are JSON, compressed, in base64. */
  readonly schemas?: Readonly<Record<string, unknown>>
  readonly error?: 0 | 1
  readonly service?: string
  /** Structured tags. */
  readonly structs?: Readonly<Record<string, unknown>>
}

/** What an event or a login call does to sampling. */
export const kept = { _sampling_priority_v1: 2 } as const
/** The id of a block. */
export const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'

export function nested(levels: number, leaf: unknown = 1): unknown {
  return levels === 0 ? leaf : { n: nested(levels - 1, leaf) }
}

/** The headers and the body of a form. */
export function form(fields: Readonly<Record<string, string>>): Pick<TracerCase, 'method' | 'headers' | 'body'> {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams(fields)),
  }
}
