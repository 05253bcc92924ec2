/** Where an agent or a collector listens. */
export interface AgentTarget {
  readonly secure: boolean
  /** Path before the paths of requests, without a slash at its end. */
  readonly prefix: string
  /** The address for people, without credentials. */
  readonly shown: string
  readonly address: { readonly socketPath: string } | { readonly host: string; readonly port: number }
}

/** Reads `http://host:port/prefix`, `https://…` or `unix:///path/to/socket`; undefined when it is none of these. */
export function readAgentUrl(url: string): AgentTarget | undefined {
  if (url.startsWith('unix:')) {
    const socketPath = url.slice('unix:'.length).replace(/^\/\/(?=\/)/, '')
    return socketPath === '' ? undefined : { secure: false, prefix: '', shown: url, address: { socketPath } }
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) return undefined
  const secure = parsed.protocol === 'https:'
  return {
    secure,
    prefix: parsed.pathname.replace(/\/+$/, ''),
    shown: parsed.origin,
    address: {
      host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: parsed.port === '' ? (secure ? 443 : 80) : Number(parsed.port),
    },
  }
}
