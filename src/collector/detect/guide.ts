import { readFile } from 'node:fs/promises'

/** Ids of rules that ship; anything else is no file of ours. */
const shippedId = /^[a-z0-9-]{1,100}$/

/** The triage guide that lies beside a rule that ships, as Markdown; null where there is none. */
export async function readGuide(ruleId: string): Promise<string | null> {
  if (!shippedId.test(ruleId)) return null
  try {
    return await readFile(new URL(`./rules/${ruleId}.md`, import.meta.url), 'utf8')
  } catch {
    return null
  }
}
