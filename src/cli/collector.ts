import { parseArgs } from 'node:util'
import { startCollector } from '../collector.ts'
import type { Io } from './io.ts'
import { isPort } from './port.ts'

const options = {
  data: { type: 'string' },
  'agent-port': { type: 'string' },
  'console-port': { type: 'string' },
  config: { type: 'string' },
} as const

/** What takes longer than this to end is ended. */
const drainMs = 10_000
/** npm passes an interrupt on that the process group got as well: signals so close together are one. */
const sameSignalMs = 500

/** `portcullis collector`: runs until SIGTERM or SIGINT, then drains. A second signal, half a second later or more, kills it. */
export async function collectorCommand(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({ args, options })
  for (const name of ['agent-port', 'console-port'] as const) {
    const port = values[name]
    if (port === undefined || isPort(port)) continue
    io.err(`portcullis collector: --${name} ${port} is not a port`)
    return 2
  }
  const ended = untilSignalled()
  const collector = await startCollector({
    configFile: values.config,
    options: {
      dataDir: values.data,
      agentListen: loopbackPort(values['agent-port']),
      consoleListen: loopbackPort(values['console-port']),
    },
  })
  io.err(`portcullis collector: agent listener ${collector.agentUrl}, console ${collector.consoleUrl}`)
  if (collector.signInLink !== undefined) {
    io.err(`sign in within 15 minutes, once: ${collector.signInLink}`)
  }
  await ended
  setTimeout(() => {
    io.err('portcullis collector: it did not end in time; what was acknowledged is in the log of its store')
    endAtOnce()
  }, drainMs).unref()
  await collector.close()
  return 0
}

/** An orderly exit would wait for the threads of the stores, and abort where one is in the middle of a query. */
function endAtOnce(): void {
  process.kill(process.pid, 'SIGKILL')
}

function loopbackPort(port: string | undefined): string | undefined {
  return port === undefined ? undefined : `127.0.0.1:${port}`
}

/** Resolves at the first signal to end; the next one kills. */
function untilSignalled(): Promise<void> {
  return new Promise((resolve) => {
    let firstMs: number | undefined
    const onSignal = (): void => {
      if (firstMs !== undefined && performance.now() - firstMs >= sameSignalMs) endAtOnce()
      firstMs ??= performance.now()
      resolve()
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
}
