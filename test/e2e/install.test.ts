import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { build, type Format } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../support/collector-process.ts'
import { eventually } from '../support/eventually.ts'
import { startFakeAgent, type FakeAgent } from '../support/fake-agent.ts'
import { ruleset } from '../tracer/frameworks/ruleset.ts'

// The package as `npm pack` makes it of the build (`npm run build` comes first), in a project that has nothing else
// than its dependencies and the app's frameworks. No network: they are linked from here.
const node = process.env['NODE_UNDER_TEST'] ?? process.execPath
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> }
const directory = temporaryDirectory()
const project = join(directory.path, 'project')
const bundles = join(directory.path, 'bundles')

beforeAll(() => {
  const modules = join(project, 'node_modules')
  mkdirSync(modules, { recursive: true })
  mkdirSync(bundles)
  const packed = spawnSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory.path], {
    encoding: 'utf8',
  })
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }]
  expect(spawnSync('tar', ['-xzf', join(directory.path, filename), '-C', directory.path]).status).toBe(0)
  renameSync(join(directory.path, 'package'), join(modules, 'portcullis'))
  for (const name of [...Object.keys(dependencies), 'express', 'fastify']) {
    symlinkSync(resolve('node_modules', name), join(modules, name))
  }
  writeFileSync(join(directory.path, 'rules.json'), JSON.stringify(ruleset))
})
afterAll(() => directory.remove())

let agent: FakeAgent
let child: ChildProcess | undefined
beforeEach(async () => {
  agent = await startFakeAgent()
})
afterEach(async () => {
  child?.kill('SIGKILL')
  await agent.close()
})

interface Service {
  readonly url: string
  /** What it wrote to stderr: warnings of Node among it. */
  readonly complaints: () => string
  readonly exited: Promise<number | null>
}

async function startService(file: string): Promise<Service> {
  const service = spawn(node, [file], {
    cwd: directory.path,
    env: {
      PATH: process.env['PATH'],
      DD_TRACE_AGENT_URL: agent.url,
      DD_APPSEC_ENABLED: 'true',
      DD_APPSEC_RULES: join(directory.path, 'rules.json'),
      DD_REMOTE_CONFIGURATION_ENABLED: 'false',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child = service
  let complaints = ''
  service.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  const exited = new Promise<number | null>((done) => service.once('close', done))
  const port = await new Promise<string>((done, fail) => {
    createInterface({ input: service.stdout }).on('line', (line) => done(/^listening (\d+)/.exec(line)?.[1] ?? ''))
    void exited.then((code) => fail(new Error(`${file} ended with ${code}: ${complaints}`)))
  })
  return { url: `http://127.0.0.1:${port}`, complaints: () => complaints, exited }
}

/** Drives one service through an ordinary request, a login and an attack, and ends it. */
async function drive(file: string): Promise<void> {
  const { url, complaints, exited } = await startService(file)
  const ask = (path: string, headers: Record<string, string>, body?: object): Promise<number> =>
    fetch(url + path, {
      headers: { connection: 'close', ...headers },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    }).then(({ status }) => status)
  const json = { 'content-type': 'application/json' }
  expect(await ask('/', {})).toBe(200)
  expect(await ask('/login', json, { login: 'ada' })).toBe(401)
  expect(await ask('/login', json, { login: 'mallory' })).toBe(403)
  expect(await ask('/', { 'user-agent': 'stop-header' })).toBe(403)
  child?.kill('SIGTERM')
  expect(await exited).toBe(0)
  expect(complaints()).toBe('')
  const spans = await eventually(() => agent.spans.length === 4 && agent.spans, { says: 'four spans' })
  const seen = spans.map(({ meta, service }) => ({
    service,
    status: meta['http.status_code'],
    login: meta['appsec.events.users.login.failure.usr.login'],
    blocked: meta['appsec.blocked'],
  }))
  expect(seen).toHaveLength(4)
  expect(seen).toEqual(
    expect.arrayContaining([
      { service: 'installed', status: '200' },
      { service: 'installed', status: '401', login: 'ada' },
      { service: 'installed', status: '403', login: 'mallory', blocked: 'true' },
      { service: 'installed', status: '403', blocked: 'true' },
    ]),
  )
}

const apps = ['express', 'fastify', 'custom-server']
const formats = { cjs: 'CommonJS', mjs: 'ESM' } as const

describe.each(apps)('installed from the packed tarball: %s', (app) => {
  test.each(Object.entries(formats))('as .%s (%s)', async (extension) => {
    const file = join(project, `${app}.${extension}`)
    copyFileSync(`test/e2e/install/${app}.${extension}`, file)
    await drive(file)
  })

  test.each(Object.entries(formats))('bundled with esbuild as .%s (%s), without any package beside it', async (ext) => {
    const source = join(project, `to-bundle-${app}.${ext}`)
    copyFileSync(`test/e2e/install/${app}.${ext}`, source)
    const outfile = join(bundles, `${app}.${ext}`)
    const format: Format = ext === 'cjs' ? 'cjs' : 'esm'
    // Express and Fastify are CommonJS: in an ES module their `require` has to come from somewhere.
    const js = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`
    await build({
      entryPoints: [source],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node20.19',
      format,
      external: ['re2'],
      logLevel: 'error',
      ...(format === 'esm' ? { banner: { js } } : {}),
    })
    expect(existsSync(join(bundles, 'node_modules'))).toBe(false)
    await drive(outfile)
  })
})

test('the command line works without what only the collector needs', () => {
  const bin = join(project, 'node_modules', 'portcullis', 'dist', 'bin.js')
  const { stdout, stderr, status } = spawnSync(node, [bin, 'doctor', '--json'], {
    cwd: project,
    env: { PATH: process.env['PATH'], TRACE_AGENT_URL: 'http://127.0.0.1:1', APPSEC_ENABLED: 'true' },
    encoding: 'utf8',
  })
  expect([stderr, status]).toEqual(['', 1])
  const { findings } = JSON.parse(stdout) as { findings: { about: string; level: string; says: string }[] }
  expect(findings.find(({ about }) => about === 'agent')?.level).toBe('problem')
  expect(findings.find(({ about }) => about === 'RE2')?.says).toMatch(/portable/)
})

test('every app ran', () => expect(apps).toHaveLength(3))
