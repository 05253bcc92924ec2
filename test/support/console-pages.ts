import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

/** What people do on the console's pages, by what they see: roles and names, not classes. */

export function heading(page: Page, name: string | RegExp): Locator {
  return page.getByRole('heading', { level: 1, name })
}

export function dialog(page: Page): Locator {
  return page.getByRole('dialog')
}

export function toast(page: Page, text: string | RegExp): Locator {
  return page.locator('.toast').filter({ hasText: text })
}

/** Presses the newest Undo, and waits until that is told; earlier messages are put away first. */
export async function undo(page: Page): Promise<void> {
  const earlier = toast(page, 'Taken back')
  await earlier.getByRole('button', { name: 'Dismiss' }).evaluateAll((all) => {
    for (const dismiss of all) dismiss.click()
  })
  await expect.poll(() => earlier.count()).toBe(0)
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).last().click()
  await toast(page, 'Taken back').waitFor()
}

export function table(page: Page, name: string): Locator {
  return page.getByRole('table', { name })
}

export function rows(page: Page, name: string): Locator {
  return table(page, name).locator('tbody tr.line')
}

/** A part of a page under its heading. */
export function card(page: Page, name: string | RegExp): Locator {
  return page.locator('section.card').filter({ has: page.getByRole('heading', { level: 2, name }) })
}

/** What opens beside the page. */
export function panel(page: Page): Locator {
  return page.locator('aside')
}

export const explorer = {
  query: (page: Page): Locator => page.getByRole('combobox', { name: 'Query' }),
  async ask(page: Page, query: string): Promise<void> {
    await this.query(page).fill(query)
    await page.getByRole('button', { name: 'Search' }).click()
  },
  completions: (page: Page): Locator => page.getByRole('listbox', { name: 'Completions' }).getByRole('option'),
  async only(page: Page, value: string): Promise<void> {
    await page.getByRole('button', { name: `Only ${value}`, exact: true }).click()
  },
}

export const settings = {
  async open(page: Page, part: string): Promise<void> {
    await page.getByRole('navigation', { name: 'Parts of the settings' }).getByRole('link', { name: part }).click()
  },
  /** Does one of the things of a row's menu. */
  async act(page: Page, name: string, action: string): Promise<void> {
    await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).click()
    await page.getByRole('button', { name: action, exact: true }).locator('visible=true').click()
  },
}

/** The query that the address says. */
export function queryOf(page: Page): string {
  return new URL(page.url()).searchParams.get('q') ?? ''
}
