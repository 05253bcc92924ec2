import type { Clock } from '../model/clock.ts'
import type { ClientIpOptions } from '../net/client-ip.ts'
import type { BlockPages } from './block-page.ts'
import type { Exporter } from './export/exporter.ts'
import type { SpanDefaults } from './finished-span.ts'
import type { Protection } from './inspection.ts'
import type { RateLimiter } from './rate-limiter.ts'
import type { InboundRequest } from './request.ts'
import type { HeaderTag } from './span/header-tags.ts'
import type { QueryObfuscator } from './span/url.ts'
import type { StealthReplies } from './stealth.ts'

/** What all requests of one tracer share. */
export interface RequestScope {
  readonly clock: Clock
  readonly exporter: Exporter
  readonly spanDefaults: SpanDefaults
  readonly clientIpOptions: ClientIpOptions
  readonly configuredHeaders: readonly HeaderTag[]
  readonly obfuscateQuery: QueryObfuscator
  readonly pages: BlockPages
  readonly limiter: RateLimiter
  /** Where only security keeps traces: what of the others is kept all the same. */
  readonly standalone: RateLimiter | undefined
  /** `APPSEC_COLLECT_ALL_HEADERS`: a security event has all headers recorded. */
  readonly collectAllHeaders: boolean
  /** Most headers of a request, and of a response, where all are recorded. */
  readonly maxCollectedHeaders: number
  readonly isSecretKey: (key: string) => boolean
  readonly stealth: StealthReplies
  /** `EXPORTER=none`: the tags go to the active OpenTelemetry span, and nothing is shipped. */
  readonly tagsOtelSpan: boolean
  /** What is in force now; undefined while AppSec is off. */
  readonly protection: () => Protection | undefined
  /** Tags of the first request that a new engine looked at, once. */
  readonly takeEngineTags: () => Readonly<Record<string, string>> | undefined
  readonly blockFailed: () => void
}

/** What a framework knows of its request when it ends. */
export interface FrameworkEnd {
  /** The route's pattern, such as `/users/:id`. */
  readonly route?: string | undefined
  /** What no earlier stage may have seen. */
  readonly leftovers?: Readonly<Partial<Record<Stage, unknown>>> | undefined
}

/** What the stages after the first are fed with. */
export type Stage = keyof typeof stageAddress

/** The WAF address of each stage. */
export const stageAddress = {
  query: 'server.request.query',
  cookies: 'server.request.cookies',
  body: 'server.request.body',
  files: 'server.request.body.filenames',
  params: 'server.request.path_params',
  session: 'usr.session_id',
} as const

/** The framework that mounted the tracer. */
export interface Framework {
  readonly name: string
  readonly spanName: string
  /** The headers of the answer so far; lower-case names. */
  headers(request: InboundRequest): Readonly<Record<string, unknown>>
  /** The tracer answers this request: the framework is to leave it alone. */
  release(request: InboundRequest): void
  /** What is known of the request by now. */
  end(request: InboundRequest): FrameworkEnd
}
