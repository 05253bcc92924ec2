import { fail } from '../../model/error.ts'
import type { CachedTargetFile, ConfigRequest, ConfigState } from '../../model/remote-config.ts'

/** Bounds of a request; a client in order stays far below. */
const maxStates = 10_000
const maxText = 1_000
const maxTags = 200

/** Reads the body of `POST /v0.7/config`. Throws PAYLOAD_INVALID with what is missing, and where. */
export function decodeConfigRequest(body: unknown): ConfigRequest {
  const root = object(body, 'the request')
  const client = object(root['client'], 'client')
  const state = object(client['state'], 'client.state')
  const tracer = object(client['client_tracer'], 'client.client_tracer')
  const version = text(tracer['app_version'])
  return {
    client: {
      id: required(client['id'], 'client.id'),
      state: {
        root_version: number(state['root_version']),
        targets_version: number(state['targets_version']),
        config_states: list(state['config_states'], maxStates).map(configState),
        has_error: state['has_error'] === true,
        error: text(state['error']),
      },
      products: list(client['products'], 100).map(text),
      is_tracer: client['is_tracer'] !== false,
      client_tracer: {
        runtime_id: text(tracer['runtime_id']),
        language: text(tracer['language']),
        tracer_version: text(tracer['tracer_version']),
        service: text(tracer['service']),
        env: text(tracer['env']),
        ...(version === '' ? {} : { app_version: version }),
        tags: list(tracer['tags'], maxTags).map(text),
      },
      capabilities: capabilities(client['capabilities']),
    },
    cached_target_files: list(root['cached_target_files'], maxStates).flatMap(cachedFile),
  }
}

function configState(value: unknown): ConfigState {
  const state = object(value, 'client.state.config_states[]')
  const error = text(state['apply_error'])
  return {
    id: text(state['id']),
    version: number(state['version']),
    product: text(state['product']),
    apply_state: number(state['apply_state']),
    ...(error === '' ? {} : { apply_error: error }),
  }
}

function cachedFile(value: unknown): readonly CachedTargetFile[] {
  const file = object(value, 'cached_target_files[]')
  const hashes = list(file['hashes'], 10).map((hash) => {
    const { algorithm, hash: hex } = object(hash, 'cached_target_files[].hashes[]')
    return { algorithm: text(algorithm), hash: text(hex) }
  })
  return [{ path: text(file['path']), length: number(file['length']), hashes }]
}

/** Base64, or, as some tracers send them, a list of bytes. */
function capabilities(value: unknown): string {
  if (Array.isArray(value)) return Buffer.from(value.map(number)).toString('base64')
  return text(value)
}

function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw fail('PAYLOAD_INVALID', 'an object is missing', where)
}

function required(value: unknown, where: string): string {
  const found = text(value)
  if (found === '') throw fail('PAYLOAD_INVALID', 'a text is missing', where)
  return found
}

function list(value: unknown, max: number): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]).slice(0, max) : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, maxText) : ''
}

function number(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0
}
