import { severities } from '../../model/detection-rule.ts'
import type { SignalEvent } from '../../model/notification.ts'

type Told = Omit<SignalEvent, 'message'>

/** Templates are written by people, and signals carry what attackers sent: neither may make a message endless. */
const maxTemplateLength = 20_000
const maxMessageLength = 8_000
const maxDepth = 8

/** `{{{{raw}}}}`, a block's begin or end, or a variable with an optional function before it. */
const tokens = /\{\{\{\{raw\}\}\}\}([^]*?)\{\{\{\{\/raw\}\}\}\}|\{\{\s*([#^/]?)([^{}]*?)\s*\}\}/g

interface Block {
  readonly kind: string
  /** Whether what stands in it is shown. */
  readonly shown: boolean
}

/**
 * A rule's message with its variables filled in (spec/detection.md 2.4.2): `{{severity}}` (0–4), `{{timestamp}}`,
 * `{{first_seen}}`, `{{last_seen}}` (each also `_epoch`), `{{rule_name}}`, `{{case_name}}`, `{{events_matched}}`,
 * `{{events_matched_per_query.<name>}}`, `{{@attribute}}`, `{{service}}`, `{{tag.<name>}}`, `{{urlencode "@attribute"}}`,
 * `{{#is_match "@x" "text"}}…{{/is_match}}`, `{{^is_match …}}`, `{{#is_exact_match …}}`, `{{#if @x}}…{{else}}…{{/if}}` and
 * `{{{{raw}}}}…{{{{/raw}}}}`. What is not known is left out. Values are filled in once: what stands in them is text.
 */
export function renderMessage(template: string, event: Told): string {
  const blocks: Block[] = []
  const isShown = (): boolean => blocks.every(({ shown }) => shown)
  const source = template.slice(0, maxTemplateLength)
  let rendered = ''
  let from = 0
  const say = (text: string): void => {
    if (isShown() && rendered.length < maxMessageLength) rendered += text
  }
  for (const found of source.matchAll(tokens)) {
    const [whole, raw, mark = '', inner = ''] = found
    say(source.slice(from, found.index))
    from = found.index + whole.length
    if (raw !== undefined) say(raw)
    else if (mark === '/') blocks.pop()
    else if (mark === '' && inner === 'else') turn(blocks)
    else if (mark !== '') open(blocks, mark, inner, event)
    else say(valueOf(inner, event))
  }
  say(source.slice(from))
  return rendered.slice(0, maxMessageLength).trim()
}

function open(blocks: Block[], mark: string, inner: string, event: Told): void {
  const [kind = '', ...parameters] = wordsOf(inner)
  const holds = blocks.length < maxDepth && conditionOf(kind, parameters, event)
  blocks.push({ kind, shown: mark === '^' ? !holds : holds })
}

function turn(blocks: Block[]): void {
  const last = blocks.pop()
  if (last !== undefined) blocks.push({ ...last, shown: !last.shown })
}

function conditionOf(kind: string, [name = '', ...texts]: readonly string[], event: Told): boolean {
  const value = valueOf(name, event)
  if (kind === 'if') return value !== ''
  if (kind === 'is_match') return texts.some((text) => value.includes(text))
  return kind === 'is_exact_match' && texts.includes(value)
}

/** Words, those in quotes without them. */
function wordsOf(text: string): readonly string[] {
  return Array.from(text.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? '')
}

function valueOf(text: string, event: Told): string {
  const [first = '', second] = wordsOf(text)
  if (first === 'urlencode') return encodeURIComponent(Buffer.from(valueOf(second ?? '', event)).toString())
  const { signal, at } = event
  const total = Object.values(signal.counts).reduce((sum, count) => sum + count, 0)
  const named: Readonly<Record<string, string>> = {
    severity: String(severities.indexOf(signal.severity)),
    ...timesOf('timestamp', at),
    ...timesOf('first_seen', signal.firstSeen),
    ...timesOf('last_seen', signal.lastSeen),
    rule_name: signal.rule.name,
    case_name: signal.case,
    events_matched: String(total),
  }
  if (Object.hasOwn(named, first)) return named[first] ?? ''
  const query = /^events_matched_per_query\.(.+)$/.exec(first)?.[1]
  if (query !== undefined) return Object.hasOwn(signal.counts, query) ? String(signal.counts[query]) : ''
  const tag = /^tag\.(.+)$/.exec(first)?.[1]
  if (tag !== undefined) return tagValue(signal.tags, tag) || attributeOf(tag, event)
  return attributeOf(first.replace(/^@/, '').replace(/\.name$/, ''), event)
}

/** Of what the signal groups by; for users and addresses, those that it names. */
function attributeOf(name: string, { signal, compromisedUsers, targetedUsers, newIds }: Told): string {
  if (Object.hasOwn(signal.group, name)) return signal.group[name] ?? ''
  if (newIds?.attribute === `@${name}`) return newIds.values.slice(0, 10).join(', ')
  if (name === 'usr.id') return listed(compromisedUsers.map(({ usrId }) => usrId))
  if (name === 'usr.login')
    return listed((compromisedUsers.length > 0 ? compromisedUsers : targetedUsers).map(({ usrLogin }) => usrLogin))
  return ''
}

function listed(values: readonly (string | null)[]): string {
  return values
    .flatMap((value) => value ?? [])
    .slice(0, 10)
    .join(', ')
}

/** The value of a tag such as `team:shop`; '' where there is none. */
export function tagValue(tags: readonly string[], key: string): string {
  return tags.find((tag) => tag.startsWith(`${key}:`))?.slice(key.length + 1) ?? ''
}

function timesOf(name: string, iso: string): Readonly<Record<string, string>> {
  return { [name]: iso, [`${name}_epoch`]: String(Math.floor(Date.parse(iso) / 1_000)) }
}
