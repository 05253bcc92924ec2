import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express5 from 'express'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { portcullis } from '../../../src/express.ts'
import { createMemoryExporter } from '../../../src/tracer/export/memory-exporter.ts'
import { start, stop } from '../../../src/tracer/start.ts'
import { eventually } from '../../support/eventually.ts'
import { ruleset } from './ruleset.ts'

const express4 = createRequire(import.meta.url)('express4') as typeof express5
const directory = mkdtempSync(join(tmpdir(), 'portcullis-'))
const rulesFile = join(directory, 'rules.json')
beforeAll(() => writeFileSync(rulesFile, JSON.stringify(ruleset)))
afterAll(() => rmSync(directory, { recursive: true }))

let close: (() => Promise<unknown>) | undefined
afterEach(async () => {
  await close?.()
  await stop()
})

// A router that is called in a closure: of it the app's own router has only a function.
describe.each([
  ['Express 4', express4],
  ['Express 5', express5],
])('%s', (_name, express) => {
  async function serve(): Promise<{
    post(path: string, body: object): Promise<{ status: number; route: string | undefined; event: string | undefined }>
    readonly ran: string[]
  }> {
    const exporter = createMemoryExporter()
    start({ appsecEnabled: true, rulesFile, remoteConfigEnabled: false }, { exporter, environment: {} })
    const ran: string[] = []
    const hidden = express.Router()
    hidden.use(express.json())
    hidden.post('/items/:id', (_request, response) => {
      ran.push('item')
      response.send('done')
    })
    const app = express()
    app.use(portcullis())
    app.use('/v1', (request, response, next) => void hidden(request, response, next))
    const server = app.listen(0, '127.0.0.1')
    close = () => new Promise((resolve) => server.close(resolve))
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    return {
      ran,
      async post(path, body) {
        exporter.clear()
        const response = await fetch(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', connection: 'close' },
          body: JSON.stringify(body),
        })
        await response.text()
        const { meta } = await eventually(() => exporter.spans[0], { says: 'the span' })
        return { status: response.status, route: meta['http.route'], event: meta['appsec.event'] }
      },
    }
  }

  test('its route is named, and its body and parameters are looked at before its handlers', async () => {
    const { post, ran } = await serve()
    expect(await post('/v1/items/7', { a: 'stop-body' })).toMatchObject({ status: 403 })
    expect(await post('/v1/items/stop-param', {})).toMatchObject({ status: 403 })
    expect(ran).toEqual([])
    expect(await post('/v1/items/7', { a: 1 })).toEqual({ status: 200, route: '/v1/items/:id', event: undefined })
  })

  test('one that shows only after many requests is reported at once, and stopped from the second on', async () => {
    const { post, ran } = await serve()
    for (let turn = 0; turn < 5; turn++) await post('/v1/elsewhere', {})
    expect(await post('/v1/items/7', { a: 'stop-body' })).toEqual({
      status: 200,
      route: '/v1/items/:id',
      event: 'true',
    })
    expect(await post('/v1/items/7', { a: 'stop-body' })).toMatchObject({ status: 403, route: '/v1/items/:id' })
    expect(ran).toEqual(['item'])
  })
})
