import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { ConfigAnswer, RemoteConfigServer } from '../../src/collector/remote-config/remote-config.ts'
import { portcullisClientTag } from '../../src/model/remote-config.ts'
import type { AsmData, ConfigReply, SignedTargets } from '../../src/model/remote-config.ts'

let clients = 0

export interface ClientOptions {
  readonly kind?: 'portcullis' | 'datadog'
  readonly service?: string
  readonly env?: string
  readonly products?: readonly string[]
  readonly capabilities?: string
}

/** A client as the protocol wants it: verifies what it gets, keeps files, says what it has. */
export class ConfigClient {
  readonly id = `client-${++clients}`
  readonly files = new Map<string, { raw: Buffer; version: number }>()
  readonly received: string[] = []
  version = 0
  error = ''
  readonly failing = new Map<string, string>()
  readonly options: ClientOptions

  readonly #configFor: RemoteConfigServer['configFor']

  constructor(configFor: RemoteConfigServer['configFor'], options: ClientOptions = {}) {
    this.#configFor = configFor
    this.options = options
  }

  request(): unknown {
    const {
      kind = 'portcullis',
      service = 'shop',
      env = 'prod',
      products = ['ASM_DATA', 'ASM', 'ASM_FEATURES', 'ASM_DD'],
      capabilities = 'HA+ABwf8',
    } = this.options
    return {
      client: {
        id: this.id,
        state: {
          root_version: 1,
          targets_version: this.version,
          config_states: [...this.files].map(([path, { version }]) => ({
            id: path.split('/')[3],
            version,
            product: path.split('/')[2],
            apply_state: this.failing.has(path) ? 3 : 2,
            ...(this.failing.has(path) ? { apply_error: this.failing.get(path) } : {}),
          })),
          has_error: this.error !== '',
          error: this.error,
        },
        products,
        is_tracer: true,
        client_tracer: {
          runtime_id: `runtime-${this.id}`,
          language: 'node',
          tracer_version: '0.1.0',
          service,
          env,
          app_version: '1.0.0',
          tags: kind === 'portcullis' ? [portcullisClientTag] : [],
        },
        capabilities,
      },
      cached_target_files: [...this.files].map(([path, { raw }]) => ({
        path,
        length: raw.length,
        hashes: [{ algorithm: 'sha256', hash: createHash('sha256').update(raw).digest('hex') }],
      })),
    }
  }

  async ask(waitMs = 0, signal?: AbortSignal): Promise<ConfigAnswer> {
    const answer = await this.#configFor(this.request(), { waitMs, ...(signal === undefined ? {} : { signal }) })
    this.apply(answer.reply)
    return answer
  }

  apply(reply: ConfigReply): void {
    this.received.splice(0)
    if (reply.targets === undefined) {
      expect(reply).toEqual({})
      return
    }
    const { signatures, signed } = JSON.parse(Buffer.from(reply.targets, 'base64').toString()) as SignedTargets
    // Datadog's tracers for Python and Rust decode each member, and take no document that lacks one.
    expect(signatures).toEqual([])
    expect(signed).toMatchObject({ _type: 'targets', spec_version: '1.0.0', custom: { opaque_backend_state: '' } })
    expect(signed.expires).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(Object.keys(signed.targets).sort()).toEqual([...(reply.client_configs ?? [])].sort())
    for (const path of this.files.keys()) if (!Object.hasOwn(signed.targets, path)) this.files.delete(path)
    const sent = new Map((reply.target_files ?? []).map(({ path, raw }) => [path, Buffer.from(raw, 'base64')]))
    for (const [path, target] of Object.entries(signed.targets)) {
      expect(path).toMatch(/^datadog\/\d+\/[A-Z_]+\/[^/]+\/config$/)
      const raw = sent.get(path) ?? this.files.get(path)?.raw
      if (raw === undefined) throw new Error(`${path} was neither sent nor cached`)
      expect(raw.length).toBe(target.length)
      expect(createHash('sha256').update(raw).digest('hex')).toBe(target.hashes.sha256)
      const before = this.files.get(path)
      if (before !== undefined && !before.raw.equals(raw)) expect(target.custom.v).toBeGreaterThan(before.version)
      this.files.set(path, { raw, version: target.custom.v })
    }
    this.received.push(...sent.keys())
    this.version = signed.version
  }

  /** Values of a list, over all the configurations that share its id. */
  list(id: string): Map<string, number> {
    const values = new Map<string, number>()
    for (const [path, { raw }] of this.files) {
      if (!path.includes('/ASM_DATA/')) continue
      const content = JSON.parse(raw.toString()) as AsmData
      for (const list of [...(content.rules_data ?? []), ...(content.exclusion_data ?? [])]) {
        expect(list.data.length, `${path} is empty`).toBeGreaterThan(0)
        expect(list.data.length).toBeLessThanOrEqual(5_000)
        if (list.id !== id) continue
        for (const { value, expiration } of list.data) values.set(value, expiration ?? 0)
      }
    }
    return values
  }

  /** The content of a configuration; undefined where there is none. */
  content(id: string): any {
    const found = [...this.files].find(([path]) => path.split('/')[3] === id)
    return found === undefined ? undefined : JSON.parse(found[1].raw.toString())
  }
}
