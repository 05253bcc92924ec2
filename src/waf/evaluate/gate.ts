import type { AddressPlan, Reader } from '../plan.ts'
import type { MatchTime, Scalar } from '../operator.ts'
import { holdsPair } from '../prefilter/literal-scanner.ts'
import type { LiteralScanner, ScanResult } from '../prefilter/literal-scanner.ts'
import { listMap } from '../list-keys.ts'
import { isEndOf, transform } from '../transformer-list.ts'
import type { Channel } from './channel.ts'
import { noteClean } from './clean-values.ts'
import type { CharacterVerdict, CharacterVerdicts } from './character-verdicts.ts'
import { scalarFor } from './evaluate-condition.ts'
import type { KnownMatch } from './evaluate-condition.ts'
import type { Layer } from './layer.ts'
import { ENTRY_BYTES, isPlain } from './value-tree.ts'
import type { WalkBudget } from './value-tree.ts'

/** Nesting that the gate follows; deeper values, and those inside themselves, are for the walk of the tree. */
const MOST_DEPTH = 64
/** Entries of one map that the gate looks at. */
const MOST_KEYS = 1024

/** What a run shares among the gates of its addresses. */
export interface GateScope extends WalkBudget, MatchTime {
  isOver(): boolean
  /** The match that closed the gate last. */
  known: KnownMatch | undefined
  /** The scan of the text that it was in. */
  scanned: KnownScan | undefined
  /** Where the value belongs: a rule whose late anchor may match it is woken there. */
  storing: Layer
}

/** The scan of a text that concerned a reader. */
export interface KnownScan extends ScanResult {
  readonly text: string
  readonly scanner: LiteralScanner
}

/** Says of a value that it concerns some reader, or that it is not for the gate to say. */
export const concerns = Symbol('concerns')

/** A map as it was when the gate saw it. */
class HeldMap {
  readonly keys: readonly string[]
  readonly values: readonly unknown[]
  constructor(keys: readonly string[], values: readonly unknown[]) {
    this.keys = keys
    this.values = values
  }
}

/**
 * Looks for a reason to walk a value at all. Most values of most requests concern no rule; this finds so without making
 * a tree: each text is scanned once, and what the scan cannot rule out is put to the operator. Gives `concerns`, or the
 * value to keep: a copy of its containers when `plan.isKept`, for readers that may ask later.
 */
export function passGate(value: unknown, channel: Channel, plan: AddressPlan, scope: GateScope): unknown {
  const { bytes } = scope
  let held: unknown = concerns
  try {
    held = visit(value, channel, plan, scope, 0)
  } catch {
    // A getter or proxy threw; the walk of the tree passes over it and counts it.
  }
  if (held === concerns || scope.bytes <= 0) {
    scope.bytes = bytes
    return concerns
  }
  return held
}

/** The value that `passGate` kept, as objects again. */
export function thaw(held: unknown): unknown {
  if (Array.isArray(held)) return held.map(thaw)
  if (!(held instanceof HeldMap)) return held
  const map: Record<string, unknown> = Object.create(null)
  for (const [index, key] of held.keys.entries()) map[key] = thaw(held.values[index])
  return map
}

/** Says that a key path leads nowhere, or that only the tree can tell. */
export const absent = Symbol('absent')
export const unclear = Symbol('unclear')

/** What a key path leads to in a value that `passGate` kept. */
export function heldAt(held: unknown, path: readonly (string | number)[]): unknown {
  let at = held
  for (const key of path) {
    if (!(at instanceof HeldMap)) return typeof at === 'object' ? unclear : absent
    const index = at.keys.indexOf(key as string)
    if (index < 0) return absent
    at = at.values[index]
  }
  return at === undefined ? unclear : at
}

function visit(value: unknown, channel: Channel, plan: AddressPlan, scope: GateScope, depth: number): unknown {
  scope.bytes -= ENTRY_BYTES
  if (channel.stops) return concerns
  switch (typeof value) {
    case 'string':
      if (value.length > scope.limits.maxStringBytes) return concerns
      scope.bytes -= value.length
      return textPasses(value, channel, plan.scanner, scope) ? value : concerns
    case 'number':
    case 'bigint':
    case 'boolean':
      return scalarPasses(value, channel, plan.scanner, scope) ? value : concerns
    case 'object':
      if (value === null) return value
      if (depth >= MOST_DEPTH || depth >= scope.limits.maxDepth) return concerns
      if (Array.isArray(value)) return visitList(value, channel.below, plan, scope, depth)
      return isPlain(value) ? visitMap(value, channel, plan, scope, depth) : concerns
    default:
      return value
  }
}

function visitList(
  list: readonly unknown[],
  channel: Channel,
  plan: AddressPlan,
  scope: GateScope,
  depth: number,
): unknown {
  const { length } = list
  if (length > scope.limits.maxContainerSize) return concerns
  const copy: unknown[] | undefined = plan.isKept ? [] : undefined
  for (let index = 0; index < length; index += 1) {
    if (scope.bytes <= 0) return concerns
    const held = visit(list[index], channel, plan, scope, depth + 1)
    if (held === concerns) return concerns
    copy?.push(held)
  }
  return copy ?? list
}

function visitMap(map: object, channel: Channel, plan: AddressPlan, scope: GateScope, depth: number): unknown {
  const listed = listMap(map)
  const { keys } = listed
  const { length } = keys
  if (length > MOST_KEYS || length > scope.limits.maxContainerSize) return concerns
  const values = valuesOf(map, keys)
  if (values.length !== length) return concerns
  const asksKeys = channel.keys.readers.size > 0
  const clean = channel.clean?.of(listed)
  for (let index = 0; index < length; index += 1) {
    if (scope.bytes <= 0) return concerns
    const key = keys[index] as string
    const value = values[index]
    if (clean !== undefined && typeof value === 'string' && clean[index] === value) {
      scope.bytes -= ENTRY_BYTES + key.length + value.length
      continue
    }
    if (key.length > scope.limits.maxStringBytes) return concerns
    scope.bytes -= key.length
    if (asksKeys && !scanPasses(key, channel.keys, plan.scanner, scope)) return concerns
    const below = channel.children?.get(key) ?? channel.below
    const held = visit(value, below, plan, scope, depth + 1)
    if (held === concerns) return concerns
    if (held !== value) values[index] = held
    if (clean !== undefined && typeof value === 'string' && below.tried.length === 0) noteClean(clean, index, value)
  }
  return plan.isKept ? new HeldMap(keys, values) : map
}

/** `Object.values` where it is the faster way; maps without a prototype have no fixed shape, and it is slow on them. */
function valuesOf(map: object, keys: readonly string[]): unknown[] {
  if (Object.getPrototypeOf(map) !== null) return Object.values(map)
  return keys.map((key) => (map as Readonly<Record<string, unknown>>)[key])
}

function scalarPasses(
  value: number | bigint | boolean,
  channel: Channel,
  scanner: LiteralScanner,
  scope: GateScope,
): boolean {
  for (const reader of channel.tried) if (isMatched(reader, value, scope)) return false
  return channel.values.readers.size === 0 || scanPasses(String(value), channel.values, scanner, scope)
}

function textPasses(text: string, channel: Channel, scanner: LiteralScanner, scope: GateScope): boolean {
  const { known, tried, values } = channel
  for (const reader of tried) if (isMatched(reader, text, scope)) return false
  if (values.readers.size === 0) return true
  if (known === undefined) return scanPasses(text, values, scanner, scope)
  if (known.has(text)) return true
  if (!scanPasses(text, values, scanner, scope)) return false
  known.add(text)
  return true
}

function scanPasses(text: string, group: CharacterVerdicts, scanner: LiteralScanner, scope: GateScope): boolean {
  const holdsLiterals = scanner.pass(text)
  const verdict = group.of(scanner.seen)
  if (!holdsLiterals && verdict.isQuiet) return true
  const candidates = holdsLiterals ? scanner.candidates() : none
  for (const id of candidates)
    if (!readersPass(group.readers.get(id), text, scope)) return noteScan(text, scanner, candidates, verdict, scope)
  if (verdict.isQuiet || charactersPass(text, verdict, group, scanner, scope)) return true
  return noteScan(text, scanner, candidates, verdict, scope)
}

const none: readonly number[] = []

function noteScan(
  text: string,
  scanner: LiteralScanner,
  candidates: readonly number[],
  { seen }: CharacterVerdict,
  scope: GateScope,
): false {
  scope.scanned = { text, scanner, candidates, seen }
  return false
}

/**
 * Whether nothing matches of which characters tell, as the text is and as lists of transformers make it. A list that
 * changes the text is asked about the text as it is as well, which is too much, never too little.
 */
function charactersPass(
  text: string,
  { readers, telling, paired, changing }: CharacterVerdict,
  group: CharacterVerdicts,
  scanner: LiteralScanner,
  scope: GateScope,
): boolean {
  if (!readersPass(readers, text, scope)) return false
  if (telling !== undefined && !telling.test(text)) return true
  for (const branch of paired)
    if (holdsPair(branch, text) && !readersPass(group.readers.get(branch.condition), text, scope)) return false
  for (const list of changing) {
    const changed = transform(list.list, text)
    if (isEndOf(text, changed)) continue
    for (const id of scanner.scan(changed, list.marked).candidates)
      if (!readersPass(list.readers.get(id), text, scope)) return false
  }
  return true
}

function readersPass(readers: readonly Reader[] | undefined, text: string, scope: GateScope): boolean {
  if (readers === undefined) return true
  for (const reader of readers) {
    const { isLate, owner } = reader.condition
    if (isLate) scope.storing.wake(owner)
    else if (isMatched(reader, text, scope)) return false
  }
  return true
}

/** Whether the condition matches, or there is no time left to say: then the evaluation of the rules ends as it must. */
function isMatched({ condition: { condition }, input }: Reader, given: Scalar, scope: GateScope): boolean {
  if (condition.kind !== 'scalar' || scope.isOver()) return true
  const value = scalarFor(condition, given, input.transformers)
  if (value === undefined) return false
  const match = condition.match(value, scope)
  if (match === undefined) return false
  scope.known = { condition, value, match }
  return true
}
