import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCollectorProcess, temporaryDirectory, type CollectorProcess } from '../support/collector-process.ts'

/** Runs on the build (dist/). */
const built = 'dist/console'
const assets = readdirSync(join(built, 'assets'))

/** What a browser loads before any page: the script of index.html with what it imports, and its style. */
function shellFiles(): ReadonlySet<string> {
  const html = readFileSync(join(built, 'index.html'), 'utf8')
  const found = new Set<string>()
  const visit = (name: string): void => {
    if (found.has(name)) return
    found.add(name)
    if (!name.endsWith('.js')) return
    const text = readFileSync(join(built, 'assets', name), 'utf8')
    for (const [, imported] of text.matchAll(/(?:from|^import|;import)\s*["']\.\/([\w.-]+)["']/g)) visit(imported!)
  }
  for (const [, name] of html.matchAll(/\/assets\/([\w.-]+\.(?:js|css))/g)) visit(name!)
  return found
}

test('the shell weighs less than 60 kB gzipped, and the chart is not part of it', () => {
  const files = shellFiles()
  expect(files.size).toBeGreaterThanOrEqual(2)
  const bytes = [...files].reduce((sum, name) => sum + gzipSync(readFileSync(join(built, 'assets', name))).length, 0)
  expect(bytes).toBeLessThan(60_000)
  expect([...files].filter((name) => name.startsWith('draw-chart'))).toEqual([])
})

test('nothing built holds a map of its sources, and licences lie beside it', () => {
  expect(assets.filter((name) => name.endsWith('.map'))).toEqual([])
  const notice = readFileSync(join(built, 'NOTICE'), 'utf8')
  for (const name of ['preact', '@preact/signals', '@tanstack/query-core', 'uplot'])
    expect(notice).toContain(`${name} `)
})

describe('the collector serves it', () => {
  const directory = temporaryDirectory()
  let collector: CollectorProcess
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(new URL(path, collector.consoleUrl), { headers })
  beforeAll(async () => {
    collector = await startCollectorProcess(directory.path)
  })
  afterAll(async () => {
    await collector.stop()
    directory.remove()
  })

  test.each(['/', '/signals/some-id', '/traces?q=x', '/no/such/page'])(
    '%s is the page, under a strict policy',
    async (path) => {
      const reply = await get(path)
      expect(reply.status).toBe(200)
      const policy = reply.headers.get('content-security-policy') ?? ''
      for (const part of [
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ]) {
        expect(policy).toContain(part)
      }
      expect(policy).not.toContain('unsafe')
      expect(reply.headers.get('cache-control')).toBe('no-cache')
      const html = await reply.text()
      expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=|style=/)
    },
  )

  test('files with their hash in the name are kept for good, compressed, and asked for again by their tag', async () => {
    const name = assets.find((one) => one.startsWith('index-') && one.endsWith('.js'))!
    const reply = await get(`/assets/${name}`, { 'accept-encoding': 'identity' })
    expect(reply.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(reply.headers.get('content-type')).toContain('text/javascript')
    expect(await reply.text()).toBe(readFileSync(join(built, 'assets', name), 'utf8'))
    const again = await get(`/assets/${name}`, { 'if-none-match': reply.headers.get('etag')! })
    expect(again.status).toBe(304)
    for (const encoding of ['br', 'gzip']) {
      const small = await get(`/assets/${name}`, { 'accept-encoding': encoding })
      expect(small.headers.get('content-encoding')).toBe(encoding)
      expect(await small.text()).toBe(readFileSync(join(built, 'assets', name), 'utf8'))
    }
  })

  test.each(['/assets/no-such.js', '/assets/..%2f..%2fpackage.json', '/api/no-such'])(
    '%s is not there',
    async (path) => {
      const reply = await get(path)
      expect(reply.status).toBe(404)
      expect(reply.headers.get('content-type')).toContain('problem+json')
    },
  )
})
