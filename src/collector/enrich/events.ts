import { attribute, businessLogicActivity, type AttributeValue } from '../../model/span-record.ts'
import { eventPrefix, tag } from '../../model/tags.ts'

type Meta = Readonly<Record<string, string>>
export type Attributes = Record<string, AttributeValue>

const trackSuffix = '.track'
const eventsData = 'appsec.events_data.'
/** A span of an attack may carry many triggers; these many are read. */
const maxTriggers = 100

/**
 * What a span says happened: `@appsec.security_activity`, `@appsec.events_data.*`, `@appsec.rules`, `@appsec.event`,
 * `@appsec.blocked` (spec/detection.md 1.1). `eventTags`: the names of its tags that begin with `eventPrefix`. Broken
 * trigger JSON is passed over; the span stands.
 */
export function readEvents(meta: Meta, eventTags: readonly string[]): Attributes {
  const activities = new Set<string>()
  const rules = new Set<string>()
  const responseIds = new Set<string>()
  const found: Attributes = {}
  for (const event of trackedEvents(meta, eventTags)) {
    activities.add(businessLogicActivity(event))
    const prefix = `${eventPrefix}${event}.`
    for (const name of eventTags) {
      if (!name.startsWith(prefix) || name.endsWith(trackSuffix)) continue
      setData(found, name.slice(prefix.length), meta[name] as string)
    }
  }
  for (const { id, type, category, responseId } of readTriggers(meta[tag.appsecJson])) {
    if (id !== undefined) rules.add(id)
    if (responseId !== undefined) responseIds.add(responseId)
    if (type !== undefined)
      activities.add(category === 'business_logic' ? businessLogicActivity(type) : `attack_attempt.${type}`)
  }
  if (activities.size > 0) {
    found[attribute.activity] = [...activities]
    for (const name of [tag.usrLogin, tag.usrExists, tag.usrId]) {
      const value = meta[name]
      if (value !== undefined && !Object.hasOwn(found, eventsData + name)) setData(found, name, value)
    }
  }
  if (rules.size > 0) found[attribute.rules] = [...rules]
  if (responseIds.size > 0) found[attribute.responseId] = [...responseIds]
  if (rules.size > 0 || meta[tag.appsecEvent] === 'true') found[attribute.event] = true
  if (meta[tag.appsecBlocked] === 'true') found[attribute.blocked] = true
  return found
}

/** Names of the events that the span tracks: `appsec.events.<event>.track`. */
function trackedEvents(meta: Meta, eventTags: readonly string[]): readonly string[] {
  const tracks = eventTags.filter((name) => name.endsWith(trackSuffix) && meta[name] === 'true')
  return tracks.map((name) => name.slice(eventPrefix.length, -trackSuffix.length))
}

function setData(attributes: Attributes, name: string, value: string): void {
  const isFlag = name === tag.usrExists && (value === 'true' || value === 'false')
  attributes[eventsData + name] = isFlag ? value === 'true' : value
}

interface Trigger {
  readonly id: string | undefined
  readonly type: string | undefined
  readonly category: string | undefined
  readonly responseId: string | undefined
}

function readTriggers(json: string | undefined): Trigger[] {
  if (json === undefined) return []
  try {
    const { triggers } = JSON.parse(json) as { triggers?: unknown }
    return Array.isArray(triggers) ? triggers.slice(0, maxTriggers).map(readTrigger) : []
  } catch {
    return []
  }
}

function readTrigger(trigger: unknown): Trigger {
  const { rule, security_response_id: responseId } = (trigger ?? {}) as {
    rule?: unknown
    security_response_id?: unknown
  }
  const { id, tags } = (rule ?? {}) as {
    id?: unknown
    tags?: { type?: unknown; category?: unknown }
  }
  return { id: textOf(id), type: textOf(tags?.type), category: textOf(tags?.category), responseId: textOf(responseId) }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
