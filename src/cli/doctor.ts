import { parseArgs } from 'node:util'
import { describeCollectorSettings } from '../collector.ts'
import { diagnose, type Diagnosis } from '../doctor.ts'
import type { Io } from './io.ts'
import { isPort } from './port.ts'

const LISTEN_TIMEOUT_MS = 120_000
const usage = `portcullis doctor [--listen PORT] [--collector URL --token TOKEN] [--config FILE] [--json]

Checks the settings of this environment, the agent, and how clients are told apart.
  --listen PORT    wait for one request on this port, sent through your proxies, and look at how it arrives
  --collector URL  the collector's console address; looks at the spans of the last hour (needs --token)
  --config FILE    settings of the collector from this file too
  --json           one JSON object instead of text`

const options = {
  listen: { type: 'string' },
  collector: { type: 'string' },
  token: { type: 'string' },
  config: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

/** `portcullis doctor`: exit code 0 when nothing is broken, 1 when something is, 2 for arguments it does not know. */
export async function doctorCommand(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({ args, options })
  if (values.help === true) {
    io.out(usage)
    return 0
  }
  if (values.listen !== undefined && !isPort(values.listen)) {
    io.err(`--listen ${values.listen} is not a port`)
    return 2
  }
  if (values.collector !== undefined && values.token === undefined) {
    io.err('--collector needs --token: a token of the collector that may read')
    return 2
  }
  const diagnosis = await diagnose({
    environment: process.env,
    clock: {
      nowMs: () => Date.now(),
      after(delayMs, run) {
        const timer = setTimeout(run, delayMs)
        return () => clearTimeout(timer)
      },
    },
    ...(values.collector === undefined ? {} : { collector: { url: values.collector, token: values.token ?? '' } }),
    ...(values.listen === undefined
      ? {}
      : { listen: { port: Number(values.listen), timeoutMs: LISTEN_TIMEOUT_MS, listening: announce(io) } }),
  })
  const collector = describeCollectorSettings(values.config)
  const rejected = collector.warnings.map((says) => ({ level: 'problem', about: 'collector settings', says }) as const)
  const whole = { ...diagnosis, collectorSettings: collector.settings, findings: [...diagnosis.findings, ...rejected] }
  io.out(values.json === true ? JSON.stringify(whole) : inText(whole))
  return whole.findings.some(({ level }) => level === 'problem') ? 1 : 0
}

function announce(io: Io): (port: number) => void {
  return (port) => io.err(`waiting for one request on port ${port}; send it through your proxies`)
}

type Settings = Diagnosis['settings']

function inText({
  settings,
  collectorSettings,
  findings,
}: Diagnosis & { readonly collectorSettings: Settings }): string {
  return [
    'Settings',
    ...table(settings),
    '',
    'Settings of a collector started here',
    ...table(collectorSettings),
    '',
    'Findings',
    ...findings.map(({ level, about, says }) => `  ${level.padEnd(7)}  ${about}: ${inert(says)}`),
  ].join('\n')
}

function table(settings: Settings): readonly string[] {
  const rows = settings.map(({ name, value, origin }) => [name, inert(value), origin] as const)
  const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length))
  const [names, values] = [width(0), width(1)]
  return rows.map(([name, value, origin]) => `  ${name.padEnd(names)}  ${value.padEnd(values)}  ${origin}`)
}

/** Text from outside cannot drive the terminal. */
function inert(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ')
}
