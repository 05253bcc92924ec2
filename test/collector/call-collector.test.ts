import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { callCollector } from '../../src/collector/call-collector.ts'
import { writeControl } from '../../src/collector/control-file.ts'
import { temporaryDirectory } from '../support/collector-process.ts'

const pem = (name: string): Buffer => readFileSync(join('test', 'support', 'tls', name))
const fingerprintOf = (name: string): string => new X509Certificate(pem(name)).fingerprint256
let directory: ReturnType<typeof temporaryDirectory>
let server: Server
const seen: string[] = []

beforeEach(async () => {
  directory = temporaryDirectory()
  seen.length = 0
  server = createServer({ key: pem('key.pem'), cert: pem('certificate.pem') }, (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    request.pipe(response)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
})
afterEach(() => {
  server.close()
  directory.remove()
})

function control(certificateSha256: string | undefined): void {
  const consoleUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  writeControl(directory.path, {
    consoleUrl,
    token: 'secret',
    ...(certificateSha256 === undefined ? {} : { certificateSha256 }),
  })
}

const call = { method: 'POST', path: '/api/x', body: { a: 'ä' } }

test('a collector with a certificate of its own is called, whatever name it is for', async () => {
  control(fingerprintOf('certificate.pem'))
  expect(await callCollector(directory.path, call)).toEqual({ a: 'ä' })
  expect(seen).toEqual(['POST /api/x Bearer secret'])
})

test.each([
  { says: 'another certificate', fingerprint: fingerprintOf('other-certificate.pem') },
  { says: 'none named', fingerprint: undefined },
])('the token goes to nobody else: $says', async ({ fingerprint }) => {
  control(fingerprint)
  await expect(callCollector(directory.path, call)).rejects.toMatchObject({ code: 'COLLECTOR_NOT_RUNNING' })
  expect(seen).toEqual([])
})
