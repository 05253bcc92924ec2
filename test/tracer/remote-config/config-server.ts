import { createHash } from 'node:crypto'
import type { ConfigReply, ConfigRequest } from '../../../src/model/remote-config.ts'
import { eventually } from '../../support/eventually.ts'
import type { Answer, FakeAgent, Received } from '../../support/fake-agent.ts'

/** A configuration file by path, its content as JSON text. */
export type Files = Readonly<Record<string, string>>

/** The reply that puts `files` in force, with the contents of those that `cached` does not name. */
export function replyOf(version: number, files: Files, cached: ReadonlyMap<string, string> = new Map()): ConfigReply {
  const targets: Record<string, unknown> = {}
  const targetFiles: { path: string; raw: string }[] = []
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    targets[path] = { custom: { v: version }, hashes: { sha256 }, length: bytes.length }
    if (cached.get(path) !== sha256) targetFiles.push({ path, raw: bytes.toString('base64') })
  }
  const signed = { version, targets, custom: { opaque_backend_state: `state-${version}` } }
  return {
    client_configs: Object.keys(files),
    targets: Buffer.from(JSON.stringify({ signed })).toString('base64'),
    target_files: targetFiles,
  }
}

export function requestOf(received: Received): ConfigRequest {
  return JSON.parse(received.body.toString()) as ConfigRequest
}

function cachedIn(request: ConfigRequest): Map<string, string> {
  return new Map(request.cached_target_files.map(({ path, hashes }) => [path, hashes[0]?.hash ?? '']))
}

interface ConfigServer {
  answer: Answer
  put(files: Files): void
  version(): number
}

/** A server that has one set of files at a time, and holds requests of those who are up to date if it may. */
export function configServer(options: { readonly holds: boolean }): ConfigServer {
  let version = 1
  let files: Files = {}
  let waiting: (() => void)[] = []
  return {
    version: () => version,
    put(next) {
      version += 1
      files = next
      for (const wake of waiting.splice(0)) wake()
    },
    answer(received, response, socket) {
      const request = requestOf(received)
      const held = { held: false }
      const reply = (): void => {
        const behind = request.client.state.targets_version !== version
        const body = behind ? JSON.stringify(replyOf(version, files, cachedIn(request))) : '{}'
        response.writeHead(200, held.held ? { 'preference-applied': 'wait' } : {})
        response.end(body)
      }
      const upToDate = request.client.state.targets_version === version
      if (!upToDate || !options.holds || received.headers['prefer'] === undefined) return reply()
      held.held = true
      waiting.push(reply)
      socket.on('close', () => {
        waiting = waiting.filter((other) => other !== reply)
      })
    },
  }
}

/** Puts the files in force; what the tracer says of each, once it has seen them. */
export async function putAndAwait(
  files: Files,
  { agent, config }: { readonly agent: FakeAgent; readonly config: ConfigServer },
): Promise<ConfigRequest['client']['state']['config_states']> {
  config.put(files)
  const version = config.version()
  const told = await eventually(
    () =>
      agent.received
        .filter(({ path }) => path === '/v0.7/config')
        .map(requestOf)
        .find(({ client }) => client.state.targets_version === version),
    { says: 'a report of the version' },
  )
  return told.client.state.config_states
}
