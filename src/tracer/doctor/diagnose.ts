import type { Clock } from '../../model/clock.ts'
import { PrefixSet } from '../../net/prefix-set.ts'
import { regexEngine } from '../../waf/regex.ts'
import { connectAgent, type AgentConnection } from '../agent-connection.ts'
import { readConfig } from '../config.ts'
import { checkAgent } from './check-agent.ts'
import { checkClientIpSettings, checkRequest } from './check-client-ip.ts'
import { checkTraffic } from './check-traffic.ts'
import type { Finding } from './finding.ts'
import { receiveRequest } from './receive-request.ts'
import { settingsTable, type SettingRow } from './settings-table.ts'

export interface DiagnoseOptions {
  /** The environment of the service. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** The collector's API, to look at what it has seen. */
  readonly collector?: { readonly url: string; readonly token: string }
  /** Wait for one request on this port, and look at how it arrives. */
  readonly listen?: { readonly port: number; readonly listening: (port: number) => void; readonly timeoutMs: number }
}

/** The effective settings, and what was found. */
export interface Diagnosis {
  readonly settings: readonly SettingRow[]
  readonly findings: readonly Finding[]
}

/** Looks at everything that makes a tracer blind or toothless without an error. Never rejects. */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const { environment, clock, collector, listen } = options
  const config = readConfig({}, environment)
  const { values } = config
  const findings: Finding[] = config.warnings.map(({ message }) => ({
    level: 'problem',
    about: 'settings',
    says: message,
  }))
  findings.push(regexFinding(), appsecFinding(values.appsecEnabled, values.remoteConfigEnabled))
  findings.push(...(await asking(values.agentUrl, clock, 'TRACE_AGENT_URL', checkAgent)))
  const trusted = values.trustedProxies.length === 0 ? undefined : PrefixSet.from(values.trustedProxies)
  if (listen === undefined) findings.push(checkClientIpSettings(values))
  else {
    const header = values.clientIpHeader === '' ? undefined : values.clientIpHeader.toLowerCase()
    findings.push(...(await checkNextRequest(listen, clock, { header, trusted })))
  }
  if (collector !== undefined) {
    const { token } = collector
    const look = (agent: AgentConnection): Promise<Finding[]> => checkTraffic(agent, { token, service: values.service })
    findings.push(...(await asking(collector.url, clock, '--collector', look)))
  }
  return { settings: settingsTable(config), findings }
}

function regexFinding(): Finding {
  if (regexEngine === 're2') return { level: 'ok', about: 'RE2', says: 'native' }
  return {
    level: 'advice',
    about: 'RE2',
    says: 'the portable engine is used, which is slower; npm install re2 adds the native one',
  }
}

function appsecFinding(enabled: boolean | undefined, remote: boolean): Finding {
  const about = 'protection'
  if (enabled === false)
    return { level: 'advice', about, says: 'APPSEC_ENABLED=false: logins are recorded, nothing is blocked' }
  if (enabled === true || remote) {
    const says = enabled
      ? 'on'
      : 'off until the collector switches it on; set APPSEC_ENABLED=true to have it on from the start'
    return { level: enabled ? 'ok' : 'advice', about, says }
  }
  const says =
    'APPSEC_ENABLED is not set and remote configuration is off, so it can never come on; set APPSEC_ENABLED=true'
  return { level: 'problem', about, says }
}

async function checkNextRequest(
  listen: NonNullable<DiagnoseOptions['listen']>,
  clock: Clock,
  options: Parameters<typeof checkRequest>[1],
): Promise<Finding[]> {
  const abort = new AbortController()
  const cancel = clock.after(listen.timeoutMs, () => abort.abort())
  try {
    return checkRequest(await receiveRequest({ ...listen, signal: abort.signal }), options)
  } catch (error) {
    return [{ level: 'problem', about: 'client IP', says: error instanceof Error ? error.message : String(error) }]
  } finally {
    cancel()
  }
}

async function asking(
  url: string,
  clock: Clock,
  setting: string,
  look: (agent: AgentConnection) => Promise<Finding[]>,
): Promise<Finding[]> {
  let connection: AgentConnection
  try {
    connection = connectAgent(url, clock)
  } catch {
    return [
      {
        level: 'problem',
        about: 'collector',
        says: `${setting} ${url} is not an address; use http://host:port or unix:///path`,
      },
    ]
  }
  const release = connection.hold()
  try {
    return await look(connection)
  } finally {
    release()
    connection.close()
  }
}
