import type { AgentConnection } from '../agent-connection.ts'
import type { Finding } from './finding.ts'

const TIMEOUT_MS = 3000
const MAX_REPLY_BYTES = 1_000_000

/** Whether there is a collector or an agent at the other end, and what it can do. */
export async function checkAgent(agent: AgentConnection): Promise<Finding[]> {
  const about = 'agent'
  try {
    const request = {
      method: 'GET',
      path: '/info',
      headers: {},
      timeoutMs: TIMEOUT_MS,
      maxReplyBytes: MAX_REPLY_BYTES,
    } as const
    const { status, body } = await agent.send(request)
    if (status !== 200) {
      const says = `${agent.url}/info answers ${status}: what listens there is no agent; check TRACE_AGENT_URL`
      return [{ level: 'problem', about, says }]
    }
    const { version, endpoints } = readInfo(body)
    const findings: Finding[] = [{ level: 'ok', about, says: `${agent.url} is reachable (${version})` }]
    if (!endpoints.includes('/v0.4/traces')) {
      findings.push({ level: 'problem', about, says: 'it takes no traces (/v0.4/traces); nothing will be seen' })
    }
    if (!endpoints.includes('/v0.7/config')) {
      const says = 'it has no remote configuration (/v0.7/config); blocks decided elsewhere do not reach this service'
      findings.push({ level: 'advice', about: 'remote configuration', says })
    }
    return findings
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const says = `${agent.url} cannot be reached (${why}); start a collector, or set TRACE_AGENT_URL`
    return [{ level: 'problem', about, says }]
  }
}

function readInfo(body: Buffer): { readonly version: string; readonly endpoints: readonly unknown[] } {
  const document: unknown = JSON.parse(body.toString('utf8'))
  if (typeof document !== 'object' || document === null) throw new Error('/info is not an object')
  const version: unknown = Reflect.get(document, 'version')
  const endpoints: unknown = Reflect.get(document, 'endpoints')
  return {
    version: typeof version === 'string' ? version : 'of an unknown version',
    endpoints: Array.isArray(endpoints) ? endpoints : [],
  }
}
