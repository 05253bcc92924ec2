import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendLogins, type LoginAttempt } from '../support/agent-payload.ts'
import { eventually } from '../support/eventually.ts'
import { openConsole, whyNoBrowser, type OpenConsole } from '../support/console.ts'
import { card, rows, table } from '../support/console-pages.ts'

const userCount = 2_300

/** Runs on the build (dist/): long lists in Chromium while the attack that they are of goes on. */
describe.skipIf(whyNoBrowser !== undefined)(`long lists of the console ${whyNoBrowser ?? ''}`, () => {
  let console: OpenConsole
  let signal: any

  const attempt = (user: number): LoginAttempt => ({
    login: `account${user}@mail.example`,
    ip: '203.0.113.9',
    success: false,
    atMs: Date.now(),
  })
  const attack = async (from: number, to: number): Promise<void> => {
    for (let user = from; user < to; user += 500) {
      const some = Array.from({ length: Math.min(500, to - user) }, (_, index) => attempt(user + index))
      await sendLogins(console.collector.agentUrl, some)
    }
  }
  const api = async (path: string): Promise<any> => (await console.collector.api('GET', path)).body
  const targeted = async (): Promise<number> => (await api(`/api/signals/${signal.id}`)).targetedUsers

  beforeAll(async () => {
    console = await openConsole()
    await attack(0, userCount)
    signal = await eventually(
      async () => {
        const [found] = (await api('/api/signals?rule=credential-stuffing')).items
        return found?.targetedUsers === userCount && found
      },
      { says: 'a signal of all users', withinMs: 60_000, everyMs: 200 },
    )
  }, 90_000)
  afterAll(async () => {
    await console.close()
    expect(console.problems).toEqual([])
  })

  test('what was read on stays while the attack goes on, and is read anew when wanted', async () => {
    const page = await console.page('/signals')
    const asked: string[] = []
    page.on('request', (request) => {
      const { pathname, search } = new URL(request.url())
      if (pathname === `/api/signals/${signal.id}/users`) asked.push(search)
    })
    await page.goto(`/signals/${signal.id}`)
    const list = table(page, 'Targeted users')
    const frame = page.getByRole('group', { name: 'Targeted users', exact: true })
    const rowCount = async (): Promise<number> => Number(await list.getAttribute('aria-rowcount')) - 1
    for (const count of [1_000, 2_000, userCount]) {
      await expect.poll(rowCount).toBe(count)
      await frame.evaluate((element) => void (element.scrollTop = element.scrollHeight))
    }
    const known = asked.length
    await attack(userCount, userCount + 10)
    await card(page, /^Targeted users 2,310/).waitFor()
    const newest = frame.getByRole('button', { name: 'Show the newest' })
    await newest.waitFor()
    expect(await rowCount()).toBe(userCount)
    expect(asked.slice(known)).toEqual([])

    await newest.click()
    await expect.poll(rowCount).toBe(1_000)
    await newest.waitFor({ state: 'detached' })
    expect(asked.slice(known).filter((search) => search.includes('cursor'))).toEqual([])
    await page.close()
  })

  test('a page that takes longer to read than the next change to come is shown all the same', async () => {
    const page = await console.page('/signals')
    let begun = 0
    await page.route(`**/api/signals/${signal.id}/users?*cursor=*`, async (route) => {
      begun++
      const response = await route.fetch()
      // Longer than the console rests between two readings.
      await new Promise((resolve) => setTimeout(resolve, 4_000))
      await route.fulfill({ response }).catch(() => undefined)
    })
    await page.goto(`/signals/${signal.id}`)
    await rows(page, 'Targeted users').first().waitFor()
    const stop = new AbortController()
    const sending = (async () => {
      for (let user = 0; !stop.signal.aborted; user += 5) await attack(user, user + 5)
    })()
    const frame = page.getByRole('group', { name: 'Targeted users', exact: true })
    try {
      await frame.evaluate((element) => void (element.scrollTop = element.scrollHeight))
      await expect
        .poll(() => table(page, 'Targeted users').getAttribute('aria-rowcount'), { timeout: 15_000 })
        .toBe('2001')
      expect(begun).toBe(1)
    } finally {
      stop.abort()
      await sending
      await page.close()
    }
  })

  test('the export has every user once', async () => {
    const url = new URL(`/api/signals/${signal.id}/users?format=csv`, console.collector.consoleUrl)
    const { body } = await console.collector.api('GET', url.pathname + url.search)
    const lines = String(body).trim().split('\r\n').slice(1)
    expect(new Set(lines.map((line) => line.split(',')[0])).size).toBe(lines.length)
    expect(lines.length).toBe(await targeted())
  })
})
