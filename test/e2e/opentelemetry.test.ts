import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCollectorProcess, temporaryDirectory, type CollectorProcess } from '../support/collector-process.ts'

const directory = temporaryDirectory()
let collector: CollectorProcess

beforeAll(async () => {
  collector = await startCollectorProcess(directory.path)
}, 60_000)
afterAll(async () => {
  await collector.stop()
  directory.remove()
})

const clients = [
  { encoding: 'protobuf', compression: 'none' },
  { encoding: 'protobuf', compression: 'gzip' },
  { encoding: 'json', compression: 'none' },
]

test.each(clients)(
  'a login from the OpenTelemetry SDK in $encoding, $compression, is found',
  async ({ encoding, compression }) => {
    const url = new URL('/v1/traces', collector.agentUrl).href
    const app = spawn(process.execPath, ['test/e2e/apps/otel-login.mjs', url, encoding, compression], {
      stdio: 'inherit',
    })
    const [code] = (await once(app, 'exit')) as [number]
    expect(code).toBe(0)
    const query = `@appsec.security_activity:business_logic.users.login.failure @appsec.events_data.usr.login:${encoding}-${compression}@example.com`
    const { body } = await collector.api('POST', '/api/spans/search', { query, from: 'now-10m' })
    expect(body.spans).toHaveLength(1)
    expect(body.spans[0]).toMatchObject({
      service: 'otel-shop',
      env: 'prod',
      version: '3',
      attributes: {
        'http.method': 'POST',
        'http.route': '/login',
        'http.status_code': 401,
        'http.client_ip': '198.51.100.90',
        'http.useragent': 'otel-client/1.0',
        'http.request.headers.accept-language': 'sv',
        'appsec.events_data.usr.exists': false,
      },
    })
  },
)
test('every client ran', () => expect(clients).toHaveLength(3))
