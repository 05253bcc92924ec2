import { readFileSync } from 'node:fs'
import { fail } from '../model/error.ts'
import { defaultRuleset } from '../waf/default-ruleset.ts'
import type { Warn } from './warning-log.ts'

/** The rules file, read once and when it is asked for; the default ruleset where there is none. */
export function localRuleset(file: string, warn: Warn): () => unknown {
  let ruleset: unknown
  return () => {
    ruleset ??= file === '' ? defaultRuleset() : (readRuleset(file, warn) ?? defaultRuleset())
    return ruleset
  }
}

function readRuleset(file: string, warn: Warn): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown
  } catch (error) {
    warn(fail('RULESET_UNREADABLE', file, error instanceof Error ? error.message : String(error)))
    return undefined
  }
}
