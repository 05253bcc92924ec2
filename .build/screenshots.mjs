// `node .build/screenshots.mjs [name …]`: plays the demo's attack on the build, and takes a picture of every page in both
// themes into docs/screenshots. Needs Debian's chromium. With --demo <directory>, of a demo that runs on it already.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const { values, positionals } = parseArgs({ options: { demo: { type: 'string' } }, allowPositionals: true })
const target = 'docs/screenshots'
const size = { width: 1280, height: 860 }
/** Small enough for a repository, good enough to read. */
const quality = 0.82
const waitMs = 120_000

const directory = values.demo ?? mkdtempSync(join(tmpdir(), 'portcullis-screenshots-'))
const demo =
  values.demo === undefined ? spawn(process.execPath, ['dist/bin.js', 'demo', '--data', directory]) : undefined
try {
  const link = await storyLink()
  await takeAll(new URL(link))
} finally {
  if (demo !== undefined) {
    const ended = new Promise((resolve) => demo.once('close', resolve))
    demo.kill('SIGTERM')
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The link that the demo prints once its attack is over. */
async function storyLink() {
  if (demo === undefined) return linkIn(readFileSync(join(directory, 'out.log'), 'utf8'))
  let said = ''
  return new Promise((resolve, reject) => {
    demo.stdout.on('data', (chunk) => {
      said += chunk
      const link = linkIn(said)
      if (link !== undefined) resolve(link)
    })
    demo.once('close', (code) => reject(new Error(`the demo ended with ${code}:\n${said}`)))
  })
}

function linkIn(text) {
  return /https?:\S+\/signin\S+/.exec(text)?.[0]
}

async function takeAll(link) {
  const signal = link.searchParams.get('to') ?? '/signals'
  const pages = [
    { name: 'signal', path: signal, ready: 'table[aria-label="Compromised users"] tr.line' },
    { name: 'clusters', path: signal, ready: '.clusters', scrollTo: '#clusters' },
    { name: 'overview', path: '/?from=now-15m', ready: '.u-over' },
    { name: 'signals', path: '/signals', ready: 'svg.spark rect' },
    { name: 'traces', path: '/traces?from=now-15m', ready: '.facet li' },
    {
      name: 'analysis',
      path: '/traces?from=now-15m&view=analysis&q=%40appsec.security_activity%3Abusiness_logic.users.login.failure',
      ready: 'tr.line',
    },
    { name: 'address', path: '/signals?entity=ip%3A203.0.113.7', ready: 'aside .figures' },
    { name: 'denylist', path: '/denylist', ready: 'tr.line', answers: true },
    { name: 'passlist', path: '/passlist', ready: '.state' },
    { name: 'mitigations', path: '/mitigations', ready: 'main .card, main .state' },
    { name: 'waf', path: '/waf', ready: '.card' },
    { name: 'waf-rule', path: '/waf/new', ready: '.conditions' },
    { name: 'detection-rules', path: '/detection-rules', ready: 'tr.line' },
    { name: 'detection-rule', path: '/detection-rules/credential-stuffing', ready: 'textarea', click: 'Run' },
    { name: 'services', path: '/services?service=express-login', ready: 'aside .counted' },
    { name: 'settings', path: '/settings', ready: 'main .card' },
    { name: 'notifications', path: '/settings?part=notifications', ready: '.card' },
  ].filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  mkdirSync(target, { recursive: true })
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-sync',
    ],
  })
  const context = await browser.newContext({ viewport: size, baseURL: link.origin })
  await context.request.post('/api/session', { data: { secret: link.hash.slice(1) } })
  const converter = await (await browser.newContext()).newPage()
  for (const { name, path, ready, click, scrollTo, answers = false } of pages) {
    if (answers) await blockAddresses(context, signal)
    const page = await context.newPage()
    await page.goto(path)
    await page.locator(ready).first().waitFor({ timeout: waitMs })
    if (click !== undefined) await page.getByRole('button', { name: click }).click()
    while ((await page.locator('.skeleton, .plot:not(:has(canvas))').count()) > 0) await page.waitForTimeout(200)
    if (scrollTo !== undefined) await page.locator(scrollTo).evaluate((element) => element.scrollIntoView())
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.waitForTimeout(1_500)
      const png = await page.screenshot({ type: 'png' })
      const webp = await converter.evaluate(toWebp, { png: png.toString('base64'), quality })
      writeFileSync(join(target, `${name}-${colorScheme}.webp`), Buffer.from(webp, 'base64'))
    }
    await page.close()
  }
  await browser.close()
}

/** What a person does next: the addresses of the signal are blocked. */
async function blockAddresses(context, signal) {
  const reply = await context.request.post(`/api${signal}/respond`, {
    data: { selection: 'ips', forSeconds: 43_200 },
    headers: { 'x-portcullis-csrf': '1' },
  })
  if (!reply.ok()) throw new Error(`the answer to the signal: ${reply.status()}`)
}

/** Runs in the browser: Playwright writes no WebP by itself. */
async function toWebp({ png, quality }) {
  const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0))
  const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
  const canvas = document.createElement('canvas')
  canvas.width = bitmap.width
  canvas.height = bitmap.height
  canvas.getContext('2d').drawImage(bitmap, 0, 0)
  return canvas.toDataURL('image/webp', quality).split(',')[1]
}
