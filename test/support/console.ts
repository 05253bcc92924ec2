import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { startCollectorProcess, temporaryDirectory, type CollectorProcess } from './collector-process.ts'

const executablePath = '/usr/bin/chromium'

/** Why browser tests are skipped, and how to have them run; undefined when they do. */
export const whyNoBrowser: string | undefined = existsSync(executablePath)
  ? undefined
  : `skipped: ${executablePath} is missing (apt-get install chromium)`

/** The background services of the browser would look for hosts that are not there. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Busy machines are slow; what has not come by then does not come. */
const waitMs = 15_000

export interface OpenConsole {
  readonly collector: CollectorProcess
  /** A signed-in page at a path of the console. Errors of pages are kept in `problems`. */
  page(path: string, options?: PageOptions): Promise<Page>
  /** A sign-in link for a new user. */
  link(role: 'viewer' | 'responder' | 'admin'): Promise<string>
  /** What pages wrote to the console as errors, exceptions and breaches of their policy. */
  readonly problems: string[]
  close(): Promise<void>
}

interface PageOptions {
  readonly role?: 'viewer' | 'responder' | 'admin'
  readonly dark?: boolean
  readonly width?: number
  /** A page of the same browser as this one, so that they share cookies and connections. */
  readonly beside?: Page
}

/** A collector from the build with a browser. */
export async function openConsole(env: Readonly<Record<string, string>> = {}): Promise<OpenConsole> {
  const directory = temporaryDirectory()
  const profile = mkdtempSync(join(tmpdir(), 'portcullis-browser-'))
  const [collector, browser] = await Promise.all([
    startCollectorProcess(directory.path, env),
    chromium.launch({ executablePath, args, env: { ...process.env, TMPDIR: profile } }),
  ])
  const problems: string[] = []
  const contexts = new Map<string, Promise<BrowserContext>>()
  let made = 0

  const link = async (role: string): Promise<string> => {
    const { body } = await collector.api('POST', '/api/users', { name: `${role}-${++made}`, role })
    return body.signInLink
  }
  const signedIn = async (role: string, dark: boolean): Promise<BrowserContext> => {
    const context = await browser.newContext({ baseURL: collector.consoleUrl, colorScheme: dark ? 'dark' : 'light' })
    const secret = new URL(await link(role)).hash.slice(1)
    context.setDefaultTimeout(waitMs)
    await context.request.post('/api/session', { data: { secret } })
    return context
  }
  return {
    collector,
    problems,
    link,
    async page(path, { role = 'admin', dark = false, width = 1280, beside } = {}) {
      const key = `${role} ${dark}`
      const context =
        beside?.context() ?? (await contexts.get(key)) ?? (await remember(contexts, key, signedIn(role, dark)))
      const page = await context.newPage()
      await page.setViewportSize({ width, height: 900 })
      watch(page, problems)
      await page.goto(path)
      return page
    },
    async close() {
      await closeAll(browser, collector)
      directory.remove()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

async function remember<T>(known: Map<string, Promise<T>>, key: string, made: Promise<T>): Promise<T> {
  known.set(key, made)
  return made
}

async function closeAll(browser: Browser, collector: CollectorProcess): Promise<void> {
  await browser.close()
  await collector.stop()
}

function watch(page: Page, problems: string[]): void {
  page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`))
  page.on('dialog', (dialog) => {
    problems.push(`${page.url()}: a dialog said ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    const isOurs = message.type() === 'error' && !/Failed to load resource|net::ERR/.test(message.text())
    if (isOurs) problems.push(`${page.url()}: ${message.text()}`)
  })
}
