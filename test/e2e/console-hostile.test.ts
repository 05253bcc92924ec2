import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendLogins } from '../support/agent-payload.ts'
import { openConsole, whyNoBrowser, type OpenConsole } from '../support/console.ts'
import { panel, rows, table } from '../support/console-pages.ts'
import { eventually } from '../support/eventually.ts'

const image = '<img src=x onerror="document.title=`taken`">'
const script = '"><script>document.title="taken"</script>'
const hidden = 'ann\u202egro.elpmaxe@\u0000\u200b'
const link = 'javascript:document.title="taken"'
const formula = '=HYPERLINK("http://evil.example","x")'
const logins = [image, script, hidden, link, formula, `${'long'.repeat(400)}@shop.example`, '__proto__', 'constructor']

/** Runs on the build (dist/): what attackers send, and how much of it there may be. */
describe.skipIf(whyNoBrowser !== undefined)(`the console under attack ${whyNoBrowser ?? ''}`, () => {
  let console: OpenConsole
  let signal: any

  beforeAll(async () => {
    console = await openConsole()
    const nowMs = Date.now()
    const attempts = Array.from({ length: 60 }, (_, index) => ({
      login: logins[index] ?? `user${index}@shop.example`,
      ip: '203.0.113.66',
      atMs: nowMs - 30_000 + index * 100,
      success: index === 59,
      ...(index === 59 ? { login: image, userId: script } : {}),
      service: `shop${image}`,
      meta: {
        'http.useragent': `${script}${hidden}`,
        'http.request.headers.accept-language': image,
        'http.request.headers.referer': link,
        'http.route': `/login${script}`,
      },
    }))
    await sendLogins(console.collector.agentUrl, attempts)
    await console.collector.api('POST', '/api/detection-rules', {
      id: 'hostile',
      name: image,
      enabled: true,
      tags: [script],
      queries: {
        failures: { filter: '@appsec.security_activity:business_logic.users.login.failure', aggregate: 'count' },
      },
      groupBy: ['service', '@http.useragent'],
      windowSeconds: 60,
      keepAliveSeconds: 600,
      maxSignalSeconds: 3_600,
      method: 'threshold',
      cases: [{ name: script, severity: 'high', when: 'failures > 10' }],
      message: image,
    })
    await console.collector.api('POST', '/api/denylist', { kind: 'user_agent', value: script, reason: image })
    await console.collector.api('POST', '/api/passlist', { kind: 'login', value: hidden, reason: link })
    signal = await eventually(
      async () =>
        (await console.collector.api('GET', '/api/signals')).body.items.find((one: any) => one.compromisedUsers > 0),
      { says: 'a signal', withinMs: 20_000 },
    )
  })
  afterAll(async () => {
    await console.close()
    expect(console.problems).toEqual([])
  })

  const paths = [
    '/',
    '/signals',
    '/signals/:id',
    '/traces?from=now-2h',
    '/traces?from=now-2h&by=%40http.useragent',
    '/denylist',
    '/passlist',
    '/services',
    `/traces?entity=${encodeURIComponent(`user:${image}`)}`,
    `/signals?entity=${encodeURIComponent(`user:${hidden}`)}`,
    `/traces?q=${encodeURIComponent(image)}&columns=${encodeURIComponent(`@http.useragent~@${image}`)}`,
    `/services?service=${encodeURIComponent(`shop${image}`)}`,
    '/mitigations',
    '/waf',
    '/detection-rules',
    '/detection-rules/hostile',
    '/settings?part=audit',
  ]
  test.each(paths)('%s shows hostile text as text', async (path) => {
    const page = await console.page(path.replace(':id', signal.id))
    await page.waitForLoadState('networkidle').catch(() => undefined)
    await page.locator('main').getByRole('heading', { level: 1 }).waitFor()
    expect(await page.title()).not.toContain('taken')
    expect(
      await page.evaluate(
        `[...document.querySelectorAll('img[onerror], main script, main iframe, a[href^="javascript:"]')].length`,
      ),
    ).toBe(0)
    await page.close()
  })
  test('every path was looked at', () => expect(paths).toHaveLength(17))

  test('characters that are not seen are shown by their codes, and long values are folded', async () => {
    const page = await console.page('/traces?from=now-2h&q=@appsec.events_data.usr.login:ann*')
    await rows(page, 'Spans').first().waitFor()
    await page.getByText('U+202E').first().waitFor()
    await page.getByText('U+0000').first().waitFor()
    await page.goto(`/signals/${signal.id}`)
    await table(page, 'Targeted users')
      .getByText(/… 1,?\d+ more/)
      .waitFor()
    await table(page, 'Compromised users').getByText(image.slice(0, 20)).click()
    await panel(page).getByText('Requests, 30 days').waitFor()
    await page.close()
  })

  test(
    'ten thousand spans and a hundred thousand blocks are a few hundred rows of the page',
    { timeout: 180_000 },
    async () => {
      const nowMs = Date.now()
      for (let batch = 0; batch < 5; batch++) {
        await sendLogins(
          console.collector.agentUrl,
          Array.from({ length: 2_000 }, (_, index) => ({
            login: `p${index}@shop.example`,
            ip: `198.51.${batch}.${index % 250}`,
            success: true,
            service: 'many',
            atMs: nowMs - index,
          })),
        )
      }
      const entries = Array.from({ length: 100_000 }, (_, index) => ({
        kind: 'ip',
        value: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
      }))
      await console.collector.api('POST', '/api/denylist/bulk', { entries })

      for (const { path, name } of [
        { path: '/traces?from=now-2h&q=service:many', name: 'Spans' },
        { path: '/denylist', name: 'Denylist' },
      ]) {
        const page = await console.page(path)
        await rows(page, name).first().waitFor()
        const frame = page.getByRole('group', { name, exact: true })
        let last = 0
        for (let step = 0; step < 4; step++) {
          await frame.evaluate((element) => void (element.scrollTop = element.scrollHeight))
          last = await eventually(
            async () => {
              const total = Number(await table(page, name).getAttribute('aria-rowcount'))
              return total > last && total
            },
            { says: `more rows of ${name}`, withinMs: 20_000, everyMs: 50 },
          )
        }
        expect(last).toBeGreaterThan(2_000)
        expect(await rows(page, name).count()).toBeLessThan(200)
        await page.close()
      }
    },
  )
})
