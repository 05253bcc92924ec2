import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { sendLogins } from '../support/agent-payload.ts'
import { attackerIp, attackUntilSignal, victim } from '../support/attack.ts'
import { openConsole, whyNoBrowser, type OpenConsole } from '../support/console.ts'
import { card, dialog, explorer, heading, panel, queryOf, rows, toast, undo } from '../support/console-pages.ts'

/** Runs on the build (dist/): real pages in Chromium against a real collector with a real attack. */
describe.skipIf(whyNoBrowser !== undefined)(`the console's journeys ${whyNoBrowser ?? ''}`, () => {
  let console: OpenConsole
  let signal: any

  beforeAll(async () => {
    console = await openConsole()
    const nowMs = Date.now()
    await sendLogins(
      console.collector.agentUrl,
      Array.from({ length: 30 }, (_, index) => ({
        login: `person${index}@shop.example`,
        ip: `198.51.100.${index + 1}`,
        success: true,
        atMs: nowMs - 3_600_000 - index * 60_000,
      })),
    )
    signal = await attackUntilSignal(console.collector)
  })
  afterAll(async () => {
    await console.close()
    expect(console.problems).toEqual([])
  })

  afterEach(async () => {
    for (const { id } of (await api('/api/denylist')).items)
      await console.collector.api('DELETE', `/api/denylist/${id}`)
  })

  const api = async (path: string): Promise<any> => (await console.collector.api('GET', path)).body

  test('a sign-in link leads to the page that it names, works once, and signing out ends it', async () => {
    const link = await console.link('responder')
    const page = await console.page('/')
    const visitor = await page.context().browser()!.newContext()
    await page.close()
    const theirs = await visitor.newPage()
    await theirs.goto(link.replace('/signin#', `/signin?to=${encodeURIComponent(`/signals/${signal.id}`)}#`))
    await theirs.getByRole('button', { name: 'Sign in' }).click()
    await heading(theirs, /Credential stuffing/).waitFor()
    await theirs.getByRole('button', { name: 'Account', exact: true }).click()
    await theirs.getByRole('button', { name: 'Sign out' }).click()
    await theirs.waitForURL('**/signin')
    await theirs.goto(link)
    await theirs.getByRole('button', { name: 'Sign in' }).click()
    await theirs.getByText('This link was used or is too old').waitFor()
    await visitor.close()
  })

  test('from "are we under attack" to a block with its blast radius, and back', async () => {
    const page = await console.page('/')
    await card(page, 'Latest signals')
      .getByRole('link', { name: /Credential stuffing/ })
      .click()
    await heading(page, /Credential stuffing/).waitFor()
    await page.getByText('1 account was logged in to').waitFor()
    await card(page, /Compromised users/)
      .getByRole('link', { name: victim })
      .waitFor()

    const answers = card(page, 'What triage asks')
    await answers.getByText('40 failures: one login in 41 got in').waitFor()
    await answers.getByText('test-agent/1.0').waitFor()

    await rows(page, 'Compromised users').filter({ hasText: victim }).getByRole('checkbox').check()
    await card(page, /Compromised users/)
      .getByRole('button', { name: 'Was reset' })
      .click()
    await toast(page, '1 account: reset').waitFor()
    const stateOf = async (): Promise<string> =>
      (await api(`/api/signals/${signal.id}/compromised-users`)).items[0].state
    expect(await stateOf()).toBe('reset')
    await undo(page)
    expect(await stateOf()).toBe('open')

    await page.getByRole('button', { name: /Block 1 address/ }).click()
    await dialog(page)
      .getByText(/Would have stopped .*in the last 7 days beside the attack/)
      .waitFor()
    await dialog(page).getByRole('button', { name: '1 h', exact: true }).click()
    await dialog(page).getByLabel('Those that come later, too').check()
    await dialog(page).getByRole('button', { name: 'Block', exact: true }).click()
    await toast(page, '1 blocked, and later ones will be').waitFor()
    await card(page, /Responses/)
      .getByText('in force at no tracer')
      .waitFor()
    expect((await api(`/api/signals/${signal.id}/respond`)).items).toMatchObject([{ selection: 'ips' }])
    await card(page, /Responses 1 in force/).waitFor()
    expect((await api('/api/denylist')).items).toMatchObject([{ kind: 'ip', value: attackerIp, signalId: signal.id }])

    await undo(page)
    await card(page, /Responses 0 in force/).waitFor()
    expect((await api(`/api/signals/${signal.id}/respond`)).items).toEqual([])
    expect((await api('/api/denylist')).items).toEqual([])
    await page.close()
  })

  test('a signal is told to somebody by hand, from its page', async () => {
    // Nobody has to listen at the other end: that it was sent off is what the console says.
    const recipient = { name: 'on call', kind: 'email', to: ['security@shop.example'] }
    const { status } = await console.collector.api('POST', '/api/notifications/recipients', recipient)
    expect(status).toBe(201)
    const page = await console.page(`/signals/${signal.id}`, { role: 'responder' })
    await page.getByRole('button', { name: 'Tell somebody …' }).click()
    expect(await dialog(page).getByRole('button', { name: 'Send' }).isDisabled()).toBe(true)
    await dialog(page).getByLabel('on call').check()
    await dialog(page).getByRole('button', { name: 'Send' }).click()
    await toast(page, '1 recipient: on its way').waitFor()
    await expect
      .poll(async () => (await api(`/api/notifications/deliveries?signalId=${signal.id}`)).items)
      .toMatchObject([{ type: 'signal.shared' }])
    const told = card(page, /Responses 0 in force/)
      .getByRole('listitem')
      .filter({ hasText: 'on call' })
    await told.waitFor()
    expect(await told.innerText()).not.toMatch(/ends|tracer|Undo/)
    await page.close()
  })

  test('the list of signals shows the course of each, and rules may be let to block from the signal', async () => {
    const page = await console.page('/signals')
    const row = rows(page, 'Signals').filter({ hasText: 'Credential stuffing' }).first()
    await row.locator('svg.spark rect[height="22"]').first().waitFor()
    await row.getByRole('link').click()
    await page.getByRole('button', { name: 'Let rules block by themselves' }).click()
    await toast(page, 'Detection rules may block by themselves.').waitFor()
    expect(await api('/api/settings')).toMatchObject({ automation: true })
    await undo(page)
    expect(await api('/api/settings')).toMatchObject({ automation: false })
    await page.getByRole('button', { name: 'Let rules block by themselves' }).waitFor()
    await page.close()
  })

  test('a false positive is archived with its reason and an exception of its rule; undo takes both back', async () => {
    const page = await console.page(`/signals/${signal.id}`)
    await page.getByRole('button', { name: 'Triage …' }).click()
    await dialog(page).getByRole('button', { name: 'Archived' }).click()
    await dialog(page).getByLabel('Reason').selectOption('False positive')
    await dialog(page).getByLabel('Keep the rule silent').check()
    await dialog(page).getByRole('button', { name: 'Set' }).click()
    await toast(page, '1 signal: archived').waitFor()
    expect(await api(`/api/signals/${signal.id}`)).toMatchObject({ state: 'archived', archiveReason: 'False positive' })
    const exceptions = async (): Promise<unknown> => (await api('/api/detection-rules/credential-stuffing')).suppress
    expect(await exceptions()).toHaveLength(1)
    await undo(page)
    expect(await exceptions()).toEqual([])
    expect(await api(`/api/signals/${signal.id}`)).toMatchObject({ state: 'open', archiveReason: null })

    await page.getByLabel('Note').fill('Seen by Ann')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await card(page, 'Timeline').getByText('Seen by Ann').waitFor()
    await page.close()
  })

  test('an explorer’s whole state is its address: completion, facets, back, reload, a chosen span', async () => {
    const page = await console.page('/traces?from=now-2h')
    await rows(page, 'Spans').first().waitFor()
    await explorer.query(page).fill('@appsec.security_act')
    await explorer.completions(page).filter({ hasText: '@appsec.security_activity' }).first().waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await explorer.completions(page).filter({ hasText: 'users.login.failure' }).click()
    await page.keyboard.press('Enter')
    await expect.poll(() => queryOf(page)).toBe('@appsec.security_activity:business_logic.users.login.failure')
    await expect.poll(() => rows(page, 'Spans').count()).toBe(40)

    await page.getByRole('group').filter({ hasText: '@http.client_ip' }).last().locator('summary').click()
    await page.getByText(attackerIp).first().hover()
    await explorer.only(page, attackerIp)
    await expect.poll(() => queryOf(page)).toContain(`@http.client_ip:${attackerIp}`)
    await page.goBack()
    await expect.poll(() => queryOf(page)).not.toContain(attackerIp)

    await rows(page, 'Spans').first().getByText('Login failed').click()
    await panel(page).getByText('@http.useragent', { exact: true }).waitFor()
    await page.reload()
    await panel(page).getByText('@http.useragent', { exact: true }).waitFor()
    await panel(page).getByRole('button', { name: 'More like this' }).click()
    await expect.poll(() => queryOf(page)).toContain('@http.useragent:test-agent/1.0')
    await page.close()
  })

  test('a query that is wrong is marked and mended, and one without a match names the term at fault', async () => {
    const page = await console.page('/traces?from=now-2h')
    await rows(page, 'Spans').first().waitFor()
    await explorer.query(page).fill('servce:shop')
    await page.getByText('did you mean "service"').waitFor()
    expect(await rows(page, 'Spans').count()).toBeGreaterThan(0)
    await page.getByRole('button', { name: 'Use “service”' }).click()
    await expect.poll(() => queryOf(page)).toBe('service:shop')

    await explorer.ask(page, 'service:shop @http.client_ip:192.0.2.200')
    await page.getByText('Nothing matches').waitFor()
    await page
      .getByRole('listitem')
      .filter({ hasText: '192.0.2.200' })
      .getByRole('button', { name: 'Take it out' })
      .click()
    await expect.poll(() => queryOf(page)).toBe('service:shop')
    await page.close()
  })

  test('the denylist takes pasted addresses, says whom they would have hit, and lets them go again', async () => {
    const page = await console.page('/denylist')
    await page.getByText('Nothing is blocked').waitFor()
    await page.getByRole('button', { name: 'Block …' }).click()
    await dialog(page).getByLabel('One a line').fill('198.51.100.5\nnot an address\n203.0.113.0/28')
    await dialog(page).getByText('1 line cannot be read').waitFor()
    await dialog(page).getByLabel('One a line').fill('ip\n198.51.100.5\n203.0.113.0/28')
    await dialog(page)
      .getByText(/successful logins? by 2 users/)
      .waitFor()
    await dialog(page).getByRole('button', { name: 'Add 2 entries' }).click()
    await toast(page, '2 entries added').waitFor()
    await rows(page, 'Denylist').nth(1).waitFor()

    await rows(page, 'Denylist').filter({ hasText: '198.51.100.5' }).getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Unblock 1' }).click()
    await toast(page, '1 entry taken off').waitFor()
    await expect.poll(async () => (await api('/api/denylist')).total).toBe(1)
    await undo(page)
    await expect.poll(async () => (await api('/api/denylist')).total).toBe(2)
    await page.close()
  })

  test('a guided set-up waits for a service’s first login, and sees it', async () => {
    const page = await console.page('/services')
    await page.getByRole('button', { name: 'Set up a service' }).click()
    await page.getByLabel('Name of the service').fill('fresh')
    await page.getByText('Waiting for fresh').waitFor()
    await sendLogins(console.collector.agentUrl, [
      { login: 'ann', ip: '198.51.100.77', success: true, service: 'fresh' },
    ])
    await page.getByText('Logins arrive: detection is on.').waitFor()
    await page.close()
  })

  test('a viewer sees no action that it may not take', async () => {
    const page = await console.page(`/signals/${signal.id}`, { role: 'viewer' })
    await heading(page, /Credential stuffing/).waitFor()
    await page.getByText('Your role is viewer').waitFor()
    await card(page, /Compromised users/)
      .getByRole('link', { name: victim })
      .click()
    await panel(page).getByText('Requests, 30 days').waitFor()
    expect(await page.getByRole('button', { name: /^(block|never block|triage|lock out|undo|add$)/i }).count()).toBe(0)
    expect(await page.getByRole('checkbox').count()).toBe(0)
    await page.close()
  })

  test('an expired session asks to sign in again, and the page with its query is still there', async () => {
    const page = await console.page('/traces?from=now-2h&q=service:shop', { role: 'responder' })
    await rows(page, 'Spans').first().waitFor()
    const { items } = await api('/api/sessions')
    const users = (await api('/api/users')).items
    const own = users.filter(({ role }: any) => role === 'responder').map(({ id }: any) => id)
    for (const { id, userId } of items)
      if (own.includes(userId)) await console.collector.api('DELETE', `/api/sessions/${id}`)
    await explorer.query(page).fill('service:shop @http.status_code:401')
    await dialog(page).getByText('Your session has ended').waitFor()
    await dialog(page)
      .getByLabel('Sign-in link')
      .fill(await console.link('responder'))
    await dialog(page).getByRole('button', { name: 'Sign in' }).click()
    await dialog(page).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Search' }).click()
    await expect.poll(() => rows(page, 'Spans').count()).toBe(40)
    expect(queryOf(page)).toBe('service:shop @http.status_code:401')
    await page.close()
  })

  test('a collector that does not answer is noticed: what was read stays, and the page recovers', async () => {
    const page = await console.page('/signals')
    await rows(page, 'Signals').first().waitFor()
    await page.context().setOffline(true)
    await page.getByLabel('Severity').selectOption('critical')
    const alert = page.getByRole('alert').filter({ hasText: 'What you see was read before' })
    await alert.waitFor()
    expect(await rows(page, 'Signals').count()).toBeGreaterThan(0)
    await page.context().setOffline(false)
    await alert.waitFor({ state: 'detached' })
    await page.getByText('Live', { exact: true }).waitFor()
    await page.close()
  })

  test('what happens is seen at once, in every tab, over one connection', async () => {
    const first = await console.page('/denylist', { dark: true })
    await first.getByText('Live', { exact: true }).waitFor()
    const streams: string[] = []
    first.context().on('request', (request) => {
      if (request.url().endsWith('/api/events')) streams.push(request.url())
    })
    const second = await console.page('/denylist', { beside: first })
    await second.getByText('Live', { exact: true }).waitFor()
    await console.collector.api('POST', '/api/denylist', { kind: 'ip', value: '192.0.2.44' })
    await Promise.all([first, second].map((page) => page.getByRole('link', { name: '192.0.2.44' }).waitFor()))
    expect(streams).toEqual([])

    await first.close()
    await console.collector.api('POST', '/api/denylist', { kind: 'ip', value: '192.0.2.45' })
    await second.getByRole('link', { name: '192.0.2.45' }).waitFor()
    expect(streams).toHaveLength(1)
    await second.close()
  })
})
