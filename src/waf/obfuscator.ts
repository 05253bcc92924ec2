import type { ObfuscatorOptions } from './waf.ts'
import { compilePattern } from './regex.ts'
import type { Pattern } from './regex.ts'

/** What stands in an event for a secret. */
const REDACTED = '<Redacted>'

/** Names under which secrets travel. */
const defaultKeyRegex =
  '(?:^|[^a-z])(?:p(?:ass)?w(?:or)?d|pass(?:phrase|code|_?key)?|pwd|secret|api[-_]?key|private[-_]?key|access[-_]?key|(?:access|refresh|id|auth|bearer|csrf|xsrf|session)?[-_]?token|credentials?|authorization|cookie|sess(?:ion)?[-_]?id|jsessionid|phpsessid|connect\\.sid|otp|pin|cvv|jwt|signature)(?:$|[^a-z])|password|passwd|secret|token|apikey|authorization'

/**
 * Texts that hold a secret; only what a group captures is one. Written for this engine: a secret assigned by name in a
 * query string, JSON or a header, a bearer token, a JSON web token, a private key.
 */
const defaultValueRegex =
  '(?:p(?:ass)?w(?:or)?d|pass(?:phrase)?|secret|(?:api|private|public|access|secret)[-_]?key(?:[-_]?id)?|(?:access|refresh|id|auth|session)?[-_]?token|sign(?:ed|ature)?|auth(?:entication|orization)?|jsessionid|phpsessid|sess(?:ion)?[-_]?id)(?:\\s*=\\s*([^;&\\s]+)|"\\s*:\\s*"([^"]+)"|\\s*:\\s*([^;&"\\s]+))|bearer\\s+([a-z0-9._\\-]+)|token\\s*:\\s*([a-z0-9]{13})|gh[opsu]_([0-9a-z]{36})|(ey[i-l][\\w=-]+\\.ey[i-l][\\w=-]+(?:\\.[\\w.+/=-]+)?)|-----begin\\s[a-z\\s]+private\\skey-----([^-]+)-----end\\s[a-z\\s]+private\\skey'

/** Hides secrets in events: by the keys on the way to a value, and by what the value looks like. */
export interface Obfuscator {
  isSecretKey(key: string): boolean
  /** Whether anything is hidden at all. */
  readonly active: boolean
  redact(match: RedactableValue): RedactableValue
}

export interface RedactableValue {
  readonly keyPath: readonly string[]
  readonly value: string
  readonly highlight: readonly string[]
}

/** Without a regex nothing is hidden; one that is not valid is replaced by the default of its kind. */
export function createObfuscator({ keyRegex, valueRegex }: ObfuscatorOptions = {}): Obfuscator {
  const key = patternOf(keyRegex, defaultKeyRegex)
  const value = patternOf(valueRegex, defaultValueRegex)
  const isSecretKey = (text: string): boolean => key?.test(text) ?? false
  return {
    active: key !== undefined || value !== undefined,
    isSecretKey,
    redact(match) {
      if (key !== undefined && match.keyPath.some(isSecretKey)) return hideAll(match)
      return value === undefined ? match : hideValue(value, match)
    },
  }
}

function patternOf(source: string | undefined, otherwise: string): Pattern | undefined {
  if (source === undefined || source === '') return undefined
  try {
    return compilePattern(source)
  } catch {
    return compilePattern(otherwise)
  }
}

/** The default value regex hides what its groups capture; any other hides the whole value. */
function hideValue(pattern: Pattern, match: RedactableValue): RedactableValue {
  if (pattern.source !== defaultValueRegex) {
    return pattern.test(match.value) || match.highlight.some((part) => pattern.test(part)) ? hideAll(match) : match
  }
  const value = hideCaptures(pattern, match.value)
  const highlight = match.highlight.map((part) => hideCaptures(pattern, part))
  if (value === match.value) return { ...match, highlight }
  return { ...match, value, highlight: match.highlight.map(() => REDACTED) }
}

/** Secrets of one text that are hidden one by one: each search reads the rest of the text. */
const MOST_SECRETS = 64

/** Beyond so many secrets the whole rest is one. */
function hideCaptures(pattern: Pattern, text: string): string {
  let shown = ''
  let rest = text
  for (let count = 0; ; count += 1) {
    const found = pattern.exec(rest)
    if (found === undefined || found.text === '') return shown + rest
    const secret = found.groups.find((group) => group !== undefined && group !== '') ?? found.text
    const at = rest.indexOf(secret, found.index)
    shown += rest.slice(0, at) + REDACTED
    if (count === MOST_SECRETS) return shown
    rest = rest.slice(at + secret.length)
  }
}

function hideAll(match: RedactableValue): RedactableValue {
  return { ...match, value: REDACTED, highlight: match.highlight.map(() => REDACTED) }
}
