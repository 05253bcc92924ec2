import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attackerIp, attackUntilSignal } from '../support/attack.ts'
import { openConsole, whyNoBrowser, type OpenConsole } from '../support/console.ts'
import { card, dialog, heading, panel, toast, undo } from '../support/console-pages.ts'
import { eventually } from '../support/eventually.ts'

/** Runs on the build (dist/): blocks made in the console, enforced by the tracer of a running service. */
describe.skipIf(whyNoBrowser !== undefined)(`the console with a connected tracer ${whyNoBrowser ?? ''}`, () => {
  let console: OpenConsole
  let app: ChildProcess
  let url: string
  let signal: any

  beforeAll(async () => {
    console = await openConsole()
    app = spawn(process.execPath, ['test/e2e/apps/plain-login.cjs'], {
      env: {
        ...process.env,
        TRACER: 'portcullis',
        APP_NAME: 'shop',
        DD_TRACE_AGENT_URL: console.collector.agentUrl,
        DD_APPSEC_ENABLED: 'true',
        DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS: '0.2',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    url = await new Promise((resolve) => {
      createInterface({ input: app.stdout! }).on('line', (line) => {
        const [, port] = /^listening (\d+)/.exec(line) ?? []
        if (port) resolve(`http://127.0.0.1:${port}`)
      })
    })
    signal = await attackUntilSignal(console.collector)
  }, 90_000)
  afterAll(async () => {
    app.kill('SIGKILL')
    await console.close()
    expect(console.problems).toEqual([])
  })

  const visit = (from: string): Promise<Response> =>
    fetch(url, { headers: { 'x-forwarded-for': from, accept: 'application/json' } })
  /** Asks until the answer has this status; resolves with it. */
  const visitUntil = (from: string, status: number): Promise<Response> =>
    eventually(
      async () => {
        const reply = await visit(from)
        return reply.status === status && reply
      },
      { says: `an answer ${status}`, withinMs: 15_000 },
    )

  test('a block says how many tracers enforce it, stops the attacker in the service, and undo lets them in', async () => {
    const page = await console.page(`/signals/${signal.id}`, { role: 'responder' })
    expect((await visit(attackerIp)).status).not.toBe(403)
    await page.getByRole('button', { name: /Block 1 address/ }).click()
    await dialog(page).getByRole('button', { name: 'Block', exact: true }).click()
    await visitUntil(attackerIp, 403)
    await card(page, /Responses 1 in force/)
      .getByText('in force at 1 of 1 tracer')
      .waitFor()
    await undo(page)
    await visitUntil(attackerIp, (await visit('198.51.100.3')).status)
    await card(page, /Responses 0 in force/).waitFor()
    await page.close()
  })

  /** Has an address blocked; resolves with the id on the block page that it then gets, once the collector knows of it. */
  async function idOnBlockPage(from: string): Promise<string> {
    await console.collector.api('POST', '/api/denylist', { kind: 'ip', value: from, reason: 'seen in a campaign' })
    const stopped = await visitUntil(from, 403)
    const { security_response_id: id } = JSON.parse(await stopped.text())
    await eventually(async () => (await console.collector.api('GET', `/api/blocked/${id}`)).status === 200, {
      says: 'the stopped request',
      withinMs: 15_000,
    })
    return id
  }

  test('who quotes the id of a block page is told why, and let in again by that id alone', async () => {
    const page = await console.page('/', { role: 'responder' })
    await heading(page, 'Overview').waitFor()
    const id = await idOnBlockPage('198.51.100.9')
    await page.keyboard.press('Control+k')
    await page.keyboard.type(id)
    await page.keyboard.press('Enter')
    await panel(page).getByText('stopped by an entry of the denylist').waitFor()
    await panel(page).getByText('seen in a campaign').waitFor()
    await panel(page).getByRole('button', { name: 'Let them in again' }).click()
    await toast(page, '1 entry taken off').waitFor()
    await visitUntil('198.51.100.9', (await visit('198.51.100.3')).status)
    await undo(page)
    await visitUntil('198.51.100.9', 403)
    await page.close()
  })

  test('a viewer is told why, and offered nothing', async () => {
    const page = await console.page(`/?blocked=${await idOnBlockPage('198.51.100.10')}`, { role: 'viewer' })
    await panel(page).getByText('stopped by an entry of the denylist').waitFor()
    await panel(page).getByText('seen in a campaign').waitFor()
    expect(
      await panel(page)
        .getByRole('button', { name: /let|block/i })
        .count(),
    ).toBe(0)
    await page.close()
  })
})
