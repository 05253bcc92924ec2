import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attackerIp, attackUntilSignal } from '../support/attack.ts'
import { openConsole, whyNoBrowser, type OpenConsole } from '../support/console.ts'
import { dialog, explorer, heading, panel, rows, table } from '../support/console-pages.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const rulesOfAxe = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Runs on the build (dist/). */
describe.skipIf(whyNoBrowser !== undefined)(`the console for everyone ${whyNoBrowser ?? ''}`, () => {
  let console: OpenConsole
  let signalId = ''

  beforeAll(async () => {
    console = await openConsole({ OUTBOUND_ALLOW: '127.0.0.0/8' })
    signalId = (await attackUntilSignal(console.collector)).id
    const { api } = console.collector
    await api('POST', '/api/denylist', { kind: 'ip', value: attackerIp, signalId })
    await api('POST', '/api/keys', { name: 'shop', role: 'ingest' })
    await api('POST', '/api/threat-intel', {
      name: 'proxies',
      csv: 'ip_address,additional_data,category,intention,source\n192.0.2.1,,proxy,suspicious,test',
    })
    // Nobody listens at the other end: what it says of that is shown, too.
    const url = 'http://127.0.0.1:9/'
    const { body } = await api('POST', '/api/notifications/recipients', { name: 'on call', kind: 'webhook', url })
    await api('POST', '/api/notifications/rules', { name: 'all', recipients: [body.id] })
    await api('POST', `/api/notifications/recipients/${body.id}/test`)
  })
  afterAll(async () => {
    await console.close()
    expect(console.problems).toEqual([])
  })

  /** Each page, and what stands there once it has read its data. */
  const pages: readonly { path: string; ready: (page: Page) => Promise<void> }[] = [
    { path: '/', ready: (page) => page.getByRole('img', { name: /Logins over time/ }).waitFor() },
    { path: '/signals', ready: (page) => rows(page, 'Signals').first().waitFor() },
    { path: '/signals/:id', ready: (page) => rows(page, 'Compromised users').first().waitFor() },
    { path: '/traces?from=now-2h', ready: (page) => rows(page, 'Spans').first().waitFor() },
    { path: '/traces?from=now-2h&view=analysis', ready: (page) => table(page, 'Attributes').waitFor() },
    { path: '/denylist', ready: (page) => rows(page, 'Denylist').first().waitFor() },
    { path: '/passlist', ready: (page) => page.getByText('Nothing is exempt').waitFor() },
    { path: '/services?service=shop', ready: (page) => panel(page).getByText('Last login events').waitFor() },
    { path: '/mitigations', ready: (page) => page.getByRole('img', { name: /Stopped requests/ }).waitFor() },
    { path: '/waf', ready: (page) => heading(page, 'In-App WAF').waitFor() },
    { path: '/waf/new', ready: (page) => page.getByText('On stored traffic').waitFor() },
    { path: '/detection-rules', ready: (page) => rows(page, 'Detection rules').first().waitFor() },
    {
      path: '/detection-rules/credential-stuffing',
      ready: (page) => page.getByRole('heading', { name: 'Versions' }).waitFor(),
    },
    { path: '/settings', ready: (page) => page.getByRole('button', { name: 'Stop all blocking …' }).waitFor() },
    { path: '/settings?part=notifications', ready: (page) => rows(page, 'Deliveries').first().waitFor() },
    { path: '/settings?part=threat-intel', ready: (page) => rows(page, 'Threat intelligence').first().waitFor() },
    { path: '/settings?part=people', ready: (page) => rows(page, 'Keys').first().waitFor() },
    { path: '/settings?part=audit', ready: (page) => rows(page, 'Audit log').first().waitFor() },
    { path: `/signals?entity=ip:${attackerIp}`, ready: (page) => panel(page).getByText('Users it tried').waitFor() },
  ]
  test.each(pages)('$path has no finding of axe in both themes, and fits a telephone', async ({ path, ready }) => {
    const page = await console.page(path.replace(':id', signalId))
    await ready(page)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await findingsOf(page), colorScheme).toEqual([])
    }
    await page.setViewportSize({ width: 360, height: 780 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
    await page.close()
  })
  test('every page was looked at', () => expect(pages.length).toBeGreaterThanOrEqual(19))

  test('by keyboard alone: to the signal, into its lists, to a block and back', async () => {
    const page = await console.page('/')
    await heading(page, 'Overview').waitFor()
    const press = async (...keys: readonly string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key)
    }
    await press('?')
    await dialog(page).getByText('Keyboard').waitFor()
    await press('Escape')
    await dialog(page).waitFor({ state: 'detached' })

    await press('g', 's')
    await rows(page, 'Signals').first().waitFor()
    await press('j', 'Enter')
    await heading(page, /Credential stuffing/).waitFor()

    await press('g', 't')
    await heading(page, 'Traces').waitFor()
    await rows(page, 'Spans').first().waitFor()
    await press('/')
    await page.keyboard.type('@http.status_code:200')
    await press('Enter')
    await expect.poll(() => rows(page, 'Spans').count()).toBe(1)
    await explorer.query(page).evaluate((element) => element.blur())
    await press('j', 'Enter')
    await panel(page).getByText('Login event').waitFor()
    await press('Escape')
    await panel(page).waitFor({ state: 'detached' })
    // Whoever types at once loses no character to where the focus was before.
    await page.keyboard.type('t3h')
    await press('Enter')
    await expect.poll(() => new URL(page.url()).searchParams.get('from')).toBe('now-3h')

    await press('Control+k')
    await page.keyboard.type(attackerIp)
    await press('Enter')
    await panel(page).getByText('Requests, 30 days').waitFor()
    await panel(page).getByRole('button', { name: 'Block …', exact: true }).focus()
    await press('Enter')
    await dialog(page)
      .getByText(/Would have stopped/)
      .waitFor()
    await press('Escape')
    await dialog(page).waitFor({ state: 'detached' })
    await page.close()
  })
})

/** What axe finds wrong, with the elements; run by the browser's own door, since the page's policy lets no code in. */
async function findingsOf(page: Page): Promise<unknown> {
  const session = await page.context().newCDPSession(page)
  await session.send('Runtime.evaluate', { expression: axe })
  const { result } = await session.send('Runtime.evaluate', {
    expression: `axe.run(document, { runOnly: ${JSON.stringify(rulesOfAxe)} })
      .then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))])))`,
    awaitPromise: true,
  })
  return JSON.parse(result.value as string)
}
