/**
 * What the tracer uses of Node's request and response, for HTTP/1 and for HTTP/2 in its compatibility form. Structural,
 * so that a user's own types of Express or Fastify fit.
 */
export interface HttpRequest {
  readonly method?: string | undefined
  url?: string | undefined
  readonly headers: Record<string, string | string[] | undefined>
  readonly rawHeaders: string[]
  readonly socket?: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean | undefined } | null
}

export interface HttpResponse {
  statusCode: number
  readonly headersSent: boolean
  readonly writableEnded: boolean
  getHeader(name: string): unknown
  getHeaders(): object
  getHeaderNames(): string[]
  setHeader(name: string, value: string): unknown
  removeHeader(name: string): void
  on(event: 'close' | 'finish', listener: () => void): unknown
}
