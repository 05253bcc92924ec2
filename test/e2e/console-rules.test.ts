import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attackerIp, attackUntilSignal } from '../support/attack.ts'
import { openConsole, whyNoBrowser, type OpenConsole } from '../support/console.ts'
import { card, dialog, heading, rows, toast, undo } from '../support/console-pages.ts'

/** Runs on the build (dist/): rules and what they stop, in Chromium against a real collector with a real attack. */
describe.skipIf(whyNoBrowser !== undefined)(`the console's rules and mitigations ${whyNoBrowser ?? ''}`, () => {
  let console: OpenConsole
  let signal: any

  beforeAll(async () => {
    console = await openConsole()
    signal = await attackUntilSignal(console.collector)
  })
  afterAll(async () => {
    await console.close()
    expect(console.problems).toEqual([])
  })

  const api = async (path: string): Promise<any> => (await console.collector.api('GET', path)).body

  test('what answers a signal is seen in one place, ended in one click, and put back in one more', async () => {
    await console.collector.api('POST', `/api/signals/${signal.id}/respond`, { selection: 'ips', forSeconds: 3_600 })
    const page = await console.page('/mitigations', { role: 'responder' })
    const group = card(page, /Credential stuffing/)
    await group.getByText('1 address', { exact: true }).waitFor()
    await group.getByText('0 requests').waitFor()
    await group.getByRole('button', { name: 'End all of it' }).click()
    await group.waitFor({ state: 'detached' })
    expect((await api('/api/denylist')).items).toEqual([])
    await undo(page)
    await group.getByText('1 address', { exact: true }).waitFor()
    expect((await api('/api/denylist')).items).toMatchObject([{ value: attackerIp, signalId: signal.id }])
    await page.close()
  })

  test('a detection rule is tried on stored traffic, and what it should not look at is taken out of it', async () => {
    const page = await console.page('/detection-rules')
    await rows(page, 'Detection rules').getByRole('link', { name: 'Credential stuffing', exact: true }).click()
    const backTest = card(page, 'Back-test')
    await backTest.getByRole('button', { name: 'Run' }).click()
    await backTest.getByText('Would have raised 1 signal').waitFor()
    await backTest.getByRole('img', { name: /Signals it would have raised: .*1/ }).waitFor()

    await page.getByLabel('Exception').fill(`@http.client_ip:${attackerIp}`)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await toast(page, 'A new version is in force.').waitFor()
    await card(page, /Exceptions/)
      .getByText(attackerIp)
      .waitFor()
    await backTest.getByRole('button', { name: 'Run' }).click()
    await backTest.getByText('It would have signalled nothing').waitFor()
    await undo(page)
    expect((await api('/api/detection-rules/credential-stuffing')).suppress ?? []).toEqual([])

    await page.getByLabel('The rule as JSON').fill('{ "id": "credential-stuffing" }')
    await page.getByRole('button', { name: 'Save a new version' }).click()
    await card(page, 'The rule').getByRole('alert').getByText('name').first().waitFor()
    await page.close()
  })

  test('a WAF rule goes from a template over a draft and monitoring to blocking, each step with what it would hit', async () => {
    const page = await console.page('/waf', { role: 'responder' })
    await page.getByRole('button', { name: /template/ }).click()
    await dialog(page).getByLabel('userAgent', { exact: true }).fill('test-agent/1.0')
    await dialog(page).getByRole('button', { name: 'Make a draft' }).click()
    await toast(page, '1 draft made.').waitFor()
    await page.getByRole('link', { name: 'Block the user agent test-agent/1.0' }).click()
    await heading(page, 'Block the user agent test-agent/1.0').waitFor()
    await card(page, /stored traffic/)
      .getByText(/Would have matched .* with 1 successful login by 1 user/)
      .waitFor()
    const modeOf = async (): Promise<string> => (await api('/api/waf-rules')).items[0].mode
    for (const [says, mode] of [
      ['Monitoring', 'monitoring'],
      ['Blocking', 'blocking'],
    ] as const) {
      await page.getByRole('group', { name: 'Mode' }).getByRole('button', { name: says }).click()
      await toast(page, `${says}: tracers take it over.`).waitFor()
      expect(await modeOf()).toBe(mode)
    }
    await undo(page)
    expect(await modeOf()).toBe('monitoring')

    await page.getByRole('button', { name: 'JSON' }).click()
    const json = page.getByLabel(/The rule, in the public/)
    await json.fill((await json.inputValue()).replace('exact_match', 'exact_mtach'))
    await page.getByText('$.rule.conditions[0].operator').waitFor()
    expect(await page.getByRole('button', { name: 'Save a new version' }).isDisabled()).toBe(true)
    await page.close()
  })
})
