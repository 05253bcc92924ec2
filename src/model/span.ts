/**
 * A finished span, as it travels from a tracer to the collector.
 * Identifiers are lower-case hexadecimal (trace 32 digits, span 16); times are milliseconds since 1970 with fractions.
 */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentId?: string
  readonly service: string
  readonly name: string
  readonly resource: string
  readonly type: string
  readonly startMs: number
  readonly durationMs: number
  readonly error: 0 | 1
  readonly meta: Readonly<Record<string, string>>
  readonly metrics: Readonly<Record<string, number>>
  /** Structured tags (`meta_struct` of the agent protocol), each already msgpack-encoded. */
  readonly metaStruct?: Readonly<Record<string, Uint8Array>>
}

/** Sampling priorities of the Datadog propagation format. */
export const samplingPriority = { userReject: -1, autoReject: 0, autoKeep: 1, userKeep: 2 } as const
