import { parseArgs } from 'node:util'
import { startCollector } from '../collector.ts'
import type { Io } from './io.ts'

const options = {
  data: { type: 'string' },
  'agent-port': { type: 'string' },
  'console-port': { type: 'string' },
  config: { type: 'string' },
} as const

/** `portcullis collector`: runs until SIGTERM or SIGINT, then drains. */
export async function collectorCommand(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({ args, options })
  const collector = await startCollector({
    configFile: values.config,
    options: {
      dataDir: values.data,
      agentListen: loopbackPort(values['agent-port']),
      consoleListen: loopbackPort(values['console-port']),
    },
  })
  io.err(`portcullis collector: agent listener ${collector.agentUrl}, console ${collector.consoleUrl}`)
  if (collector.firstToken !== undefined) {
    io.err(`admin token, shown this once: ${collector.firstToken}`)
  }
  await signalled()
  await collector.close()
  return 0
}

function loopbackPort(port: string | undefined): string | undefined {
  return port === undefined ? undefined : `127.0.0.1:${port}`
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve())
    process.once('SIGINT', () => resolve())
  })
}
