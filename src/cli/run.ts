import { PortcullisError } from '../model/error.ts'
import { nearest } from '../model/nearest.ts'
import { version } from '../model/version.ts'
import type { Command, Io } from './io.ts'

interface Verb {
  readonly summary: string
  /** What `--help` shows behind the name; verbs without it explain themselves. */
  readonly takes?: string
  /** Loaded on use, so that a small verb never loads the collector. */
  readonly load: () => Promise<Command>
}

const verbs: Readonly<Record<string, Verb>> = {
  collector: {
    summary: 'run the collector: takes spans, detects, responds',
    takes: '[--data DIR] [--agent-port 8126] [--console-port 8127] [--config FILE]',
    load: async () => (await import('./collector.ts')).collectorCommand,
  },
  doctor: {
    summary: 'check the settings of this environment, the agent, client addresses and login events',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  rules: {
    summary: 'check a WAF rules file, or explain what it makes of a request',
    load: async () => (await import('./rules.ts')).rulesCommand,
  },
  signin: {
    summary: 'another sign-in link for the console of the collector on this machine',
    takes: '[--data DIR] [--user NAME] [--config FILE]',
    load: async () => (await import('./signin.ts')).signinCommand,
  },
  backup: {
    summary: 'copy the data directory of a collector, while it runs or not',
    takes: 'DIR [--data DIR] [--config FILE]',
    load: async () => (await import('./backup.ts')).backupCommand,
  },
  restore: {
    summary: 'put a backup into a new data directory, after checking it',
    takes: 'BACKUP [--data DIR] [--config FILE]',
    load: async () => (await import('./restore.ts')).restoreCommand,
  },
  demo: {
    summary: 'the whole loop on this machine: collector, an example app, an attack that gets blocked',
    takes: '[--data DIR] [--seed N] [--once] [--json]',
    load: async () => (await import('./demo.ts')).demoCommand,
  },
  traffic: {
    summary: 'login traffic against an app on this machine: ordinary users, then an attack',
    takes:
      '[--target URL] [--seed N] [--users N] [--attack-addresses N] [--attack-per-second N] [--attack-seconds N] …',
    load: async () => (await import('./traffic.ts')).trafficCommand,
  },
}

/** Runs the verb that `args` names. Exit codes: what the verb says; 2 for a wrong call; 1 for an error. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const [name = 'help', ...rest] = args
  if (name === 'help' || name === '--help' || name === '-h') {
    io.out(usage())
    return 0
  }
  if (name === 'version' || name === '--version' || name === '-v') {
    io.out(version)
    return 0
  }
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  if (verb === undefined) {
    const near = nearest(name, Object.keys(verbs))
    const hint = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`
    io.err(`portcullis: unknown command ${JSON.stringify(name)}${hint}\n\n${usage()}`)
    return 2
  }
  if (verb.takes !== undefined && rest.some((argument) => argument === '--help' || argument === '-h')) {
    io.out(`usage: portcullis ${name} ${verb.takes}\n\n${verb.summary}`)
    return 0
  }
  try {
    const command = await verb.load()
    return await command(rest, io)
  } catch (error) {
    const wrongCall = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
    const code = error instanceof PortcullisError ? `${error.code}: ` : ''
    // Node says at length how such an argument could be passed on; no verb takes one.
    const message = (error as Error).message.replace(/\. To specify a positional argument .*$/s, '')
    const hint = wrongCall ? `; portcullis ${name} --help says what it takes` : ''
    io.err(`portcullis ${name}: ${code}${message}${hint}`)
    return wrongCall ? 2 : 1
  }
}

function usage(): string {
  const lines = Object.entries(verbs).map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
  return `usage: portcullis <command> [options]\n\n${lines.join('\n')}`
}
