import { compileRuleset } from '../../src/waf.ts'
import { referenceRun, referenceWaf } from './reference-waf.ts'

/** What an operator without parameters makes of a text: the highlight of its match, or undefined. */
export type Verdict = (text: string) => string | undefined

/** An operator in our engine and in the reference, each behind a rule of its own over one address. */
export function operatorInBoth(operator: string): { readonly ours: Verdict; readonly reference: Verdict } {
  const ruleset = {
    version: '2.2',
    rules: [
      {
        id: 'r1',
        name: 'r1',
        tags: { type: 't1', category: 'test' },
        conditions: [{ operator, parameters: { inputs: [{ address: 'a' }] } }],
      },
    ],
  }
  const waf = compileRuleset(ruleset)
  const reference = referenceWaf(ruleset)
  return {
    ours: (text) => highlightOf(waf.createContext().run({ persistent: { a: text } }).events),
    reference: (text) => highlightOf(referenceRun(reference, { a: text }).events),
  }
}

function highlightOf(events: readonly unknown[] | undefined): string | undefined {
  const [event] = (events ?? []) as readonly EventWithHighlight[]
  return event?.rule_matches[0]?.parameters[0]?.highlight[0]
}

interface EventWithHighlight {
  readonly rule_matches: readonly { readonly parameters: readonly { readonly highlight: readonly string[] }[] }[]
}

/** Agreement over many texts, and the texts that were judged differently. */
export interface Agreement {
  readonly texts: number
  readonly found: number
  readonly missed: readonly string[]
  readonly extra: readonly string[]
}

/** Judges `count` distinct texts by both. */
export function agreement(ours: Verdict, reference: Verdict, next: () => string, count: number): Agreement {
  const texts = new Set<string>()
  for (let tries = 0; texts.size < count && tries < count * 10; tries += 1) texts.add(next())
  const missed: string[] = []
  const extra: string[] = []
  let found = 0
  for (const text of texts) {
    const expected = reference(text) !== undefined
    const judged = ours(text) !== undefined
    if (expected) found += 1
    if (expected && !judged) missed.push(text)
    if (judged && !expected) extra.push(text)
  }
  return { texts: texts.size, found, missed, extra }
}
