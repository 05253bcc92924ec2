import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openConsole, whyNoBrowser, type OpenConsole } from '../support/console.ts'
import { card, dialog, heading, panel, rows, settings, toast, undo } from '../support/console-pages.ts'
import { startHttpReceiver, type HttpReceiver } from '../support/http-receiver.ts'

/** Runs on the build (dist/): the settings, in Chromium against a real collector. */
describe.skipIf(whyNoBrowser !== undefined)(`the console's settings ${whyNoBrowser ?? ''}`, () => {
  let console: OpenConsole
  let receiver: HttpReceiver

  beforeAll(async () => {
    receiver = await startHttpReceiver()
    console = await openConsole({ OUTBOUND_ALLOW: '127.0.0.0/8' })
  })
  afterAll(async () => {
    await console.close()
    await receiver.close()
    expect(console.problems).toEqual([])
  })

  const api = async (path: string): Promise<any> => (await console.collector.api('GET', path)).body

  test('all blocking is stopped in one click after what that lets go is said, seen on every page, and undone', async () => {
    await console.collector.api('POST', '/api/denylist', { kind: 'ip', value: '192.0.2.7' })
    const page = await console.page('/settings', { role: 'responder' })
    await page.getByRole('button', { name: 'Stop all blocking …' }).click()
    await dialog(page).getByText('1 entry of the denylist and 0 blocking rules').waitFor()
    await dialog(page).getByText('0 requests were stopped in the last hour').waitFor()
    await dialog(page).getByRole('button', { name: 'Stop all blocking' }).click()
    await page.getByRole('alert').getByText('All blocking is switched off').waitFor()
    expect(await api('/api/settings')).toMatchObject({ blocking: false })
    const other = await console.page('/denylist', { role: 'responder' })
    await other.getByRole('alert').getByText('All blocking is switched off').waitFor()
    await other.close()
    await undo(page)
    await page.getByRole('alert').waitFor({ state: 'detached' })
    expect(await api('/api/settings')).toMatchObject({ blocking: true })
    await page.close()
  })

  test('automation and retention are set here or left to the configuration, and undo gives back whose word it was', async () => {
    const page = await console.page('/settings')
    const before = await api('/api/settings')
    await card(page, 'Automation').getByRole('button', { name: 'Off', exact: true }).click()
    await toast(page, 'Detection rules only recommend.').waitFor()
    expect(await api('/api/settings')).toMatchObject({ automation: false, own: { automation: false } })
    await undo(page)
    expect(await api('/api/settings')).toEqual(before)

    await card(page, 'Retention').getByRole('button', { name: 'Change …' }).click()
    await dialog(page).getByRole('button', { name: 'Set here' }).click()
    await dialog(page).getByLabel('Days').fill('0')
    expect(await dialog(page).getByRole('button', { name: 'Set', exact: true }).isDisabled()).toBe(true)
    await dialog(page).getByLabel('Days').fill('1')
    await dialog(page).getByText('deleted within the hour').waitFor()
    await dialog(page).getByLabel('Days').fill('400')
    await dialog(page).getByRole('button', { name: 'Set', exact: true }).click()
    await card(page, 'Retention').getByText('Spans are kept for 400 days').waitFor()
    await toast(page, 'Spans are kept for 400 days').waitFor()
    await undo(page)
    await expect.poll(() => api('/api/settings')).toEqual(before)
    await page.close()
  })

  test('somebody is told of account takeovers: a webhook with its secret shown once, a test, its delivery', async () => {
    const page = await console.page('/settings?part=notifications')
    await page.getByText('Nobody is told of a signal').waitFor()
    await page.getByRole('button', { name: 'Add a recipient …' }).click()
    await dialog(page).getByLabel('Name', { exact: true }).fill('on call')
    await dialog(page).getByLabel('URL').fill(`${receiver.url}/hook`)
    await dialog(page).getByText('Payload, headers, login').click()
    await dialog(page).getByLabel('Payload').fill('{ "text": $NONSENSE }')
    await dialog(page).getByRole('button', { name: 'Add' }).click()
    await dialog(page).getByRole('alert').waitFor()
    await dialog(page).getByLabel('Payload').fill('{ "text": "$SECURITY_SIGNAL_TITLE" }')
    await dialog(page).getByLabel('Headers, one a line').fill('X-Team: security\nX-Page: yes')
    await dialog(page).getByRole('button', { name: 'Add' }).click()
    await dialog(page)
      .getByText(/^whsec_/)
      .waitFor()
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: 'Test', exact: true }).click()
    await toast(page, 'The test of on call was delivered.').waitFor()
    expect(receiver.accepted).toMatchObject([{ path: '/hook', headers: { 'x-team': 'security', 'x-page': 'yes' } }])
    await rows(page, 'Deliveries').filter({ hasText: 'on call' }).getByText('Delivered').waitFor()

    await page.getByRole('button', { name: 'Tell somebody …' }).click()
    await dialog(page).getByRole('button', { name: 'Add' }).click()
    await toast(page, 'Account takeovers was added.').waitFor()
    const [rule] = (await api('/api/notifications/rules')).items
    expect(rule).toMatchObject({ severities: ['critical', 'high', 'medium'], tags: ['category:account_takeover'] })
    await page.getByLabel('Account takeovers is on').click()
    await toast(page, 'Account takeovers is switched off.').waitFor()
    expect((await api('/api/notifications/rules')).items).toEqual([{ ...rule, enabled: false }])
    await undo(page)
    expect((await api('/api/notifications/rules')).items).toEqual([rule])

    await settings.act(page, 'on call', 'Remove …')
    await dialog(page).getByText('Take it out of them first').waitFor()
    expect(await dialog(page).getByRole('button', { name: 'Remove' }).isDisabled()).toBe(true)
    await page.keyboard.press('Escape')
    await settings.act(page, 'Account takeovers', 'Remove')
    await toast(page, 'Account takeovers was removed.').waitFor()
    await settings.act(page, 'on call', 'Remove …')
    await dialog(page).getByRole('button', { name: 'Remove' }).click()
    await page.getByText('There is no recipient').waitFor()
    await page.close()
  })

  test('a list of known addresses is uploaded, refused with its reason where it is wrong, and switched off', async () => {
    const page = await console.page('/settings?part=threat-intel')
    const file = (row: string): { name: string; mimeType: string; buffer: Buffer } => ({
      name: 'proxies.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`ip_address,additional_data,category,intention,source\n${row}`),
    })
    await page.getByRole('button', { name: 'Add a list …' }).click()
    await dialog(page).getByLabel('Name', { exact: true }).fill('proxies')
    await dialog(page).getByLabel('File').setInputFiles(file('nowhere,,proxy,suspicious,test'))
    await dialog(page).getByRole('button', { name: 'Add' }).click()
    await dialog(page).getByText('"nowhere" is neither an address').waitFor()
    await dialog(page).getByLabel('File').setInputFiles(file('192.0.2.0/24,,proxy,suspicious,test'))
    await dialog(page).getByRole('button', { name: 'Add' }).click()
    await page.getByLabel('proxies is on').click()
    await toast(page, 'proxies is switched off.').waitFor()
    expect(await api('/api/threat-intel/proxies')).toMatchObject({ enabled: false })
    await undo(page)
    expect(await api('/api/threat-intel/proxies')).toMatchObject({ enabled: true })
    await page.close()
  })

  test('people and keys come and go, and the audit log says who did it and what it was before', async () => {
    const page = await console.page('/settings?part=people')
    await page.getByRole('button', { name: 'Add a user …' }).click()
    await dialog(page).getByLabel('Name', { exact: true }).fill('ann')
    await dialog(page).getByLabel('Role').selectOption('viewer')
    await dialog(page).getByRole('button', { name: 'Add' }).click()
    await dialog(page)
      .getByText(/\/signin#/)
      .waitFor()
    await page.keyboard.press('Escape')
    await page.getByLabel('Role of ann').selectOption('responder')
    await toast(page, 'ann is responder.').waitFor()
    await undo(page)
    const ann = (await api('/api/users')).items.find(({ name }: any) => name === 'ann')
    expect(ann).toMatchObject({ role: 'viewer', disabledAt: null })
    await settings.act(page, 'ann', 'Disable')
    await rows(page, 'Users').filter({ hasText: 'ann' }).getByText('Disabled').waitFor()

    await page.getByRole('button', { name: 'Make a key …' }).click()
    await dialog(page).getByLabel('Name', { exact: true }).fill('shop')
    await dialog(page).getByLabel('Services it speaks for').fill('shop')
    await dialog(page).getByRole('button', { name: 'Make' }).click()
    await dialog(page).getByText(/^pct_/).waitFor()
    await page.keyboard.press('Escape')
    await rows(page, 'Keys').filter({ hasText: 'shop' }).getByRole('button').click()
    await dialog(page).getByRole('button', { name: 'Revoke' }).click()
    await rows(page, 'Keys').filter({ hasText: 'shop' }).getByText('revoked').waitFor()

    await settings.open(page, 'Audit log')
    await rows(page, 'Audit log').filter({ hasText: 'key.revoke' }).click()
    await panel(page).getByText('revokedAt').waitFor()
    await panel(page).getByText('before', { exact: true }).waitFor()
    await page.reload()
    await panel(page).getByText('revokedAt').waitFor()
    await page.close()
  })

  test('a viewer sees how things are set, and no way to change them', async () => {
    const page = await console.page('/settings?part=audit', { role: 'viewer' })
    await card(page, 'Blocking').waitFor()
    await heading(page, 'Settings').waitFor()
    const main = page.locator('main')
    expect(await main.getByRole('link').allInnerTexts()).toEqual(['Blocking', 'Notifications', 'Threat intelligence'])
    expect(await main.getByRole('button').count()).toBe(0)
    await settings.open(page, 'Notifications')
    await card(page, 'Recipients').getByText('There is no recipient').waitFor()
    expect(await main.getByRole('checkbox').count()).toBe(0)
    expect(await main.getByRole('button', { name: /…|Test/ }).count()).toBe(0)
    await page.close()
  })
})
