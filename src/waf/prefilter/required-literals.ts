import { finish } from '../slices.ts'
import type { RegexNode } from './regex-syntax.ts'
import { BEYOND_ASCII, foldedUnit } from './char-set.ts'

/** Folded texts of which at least one stands in whatever matches. */
export type Clause = readonly string[]
/** Clauses that all hold together. Without any, nothing is required. */
export type Branch = readonly Clause[]
/** What a match requires: one of the branches. */
export type Need = readonly Branch[]

/** Bounds of the analysis: beyond them it says less, never something wrong. */
const MAX_SET = 40
/** Pairs of what ends one part and begins the next. */
const MAX_JOINTS = 700
const MAX_ALTERNATIVES = 2000
const MAX_CHARS = 10
const MAX_END = 12
const MAX_BRANCHES = 32
/** Clauses by which a branch is worth looking for; the others only rule out by their characters. */
const MAX_CLAUSES = 3
const MAX_MORE_CLAUSES = 6
const MAX_KEPT_CLAUSES = 12

/** What one of these texts requires, wherever it stands; undefined when one of them has no ASCII character. */
export function needOfTexts(texts: readonly string[]): Need | undefined {
  const parts = texts.map((text) => {
    const runs = Array.from(text, (unit) => fold(unit))
      .join('')
      .split('\u0080')
    return runs.reduce((best, run) => (textWorth(run) > textWorth(best) ? run : best), '')
  })
  return parts.includes('') ? undefined : [usable(parts)]
}

function fold(character: string): string {
  return String.fromCharCode(foldedUnit(character.charCodeAt(0)))
}

/** What is known of the texts that a part of a pattern consumes. */
interface Knowledge {
  /** All of them, when they are few. */
  readonly exact: readonly string[] | undefined
  /** They begin with one of these, and end with one of those; `['']`: with anything. */
  readonly head: readonly string[]
  readonly tail: readonly string[]
  readonly clauses: readonly Clause[]
}

const unknown: Knowledge = { exact: undefined, head: [''], tail: [''], clauses: [] }

/**
 * Characters that evasive spellings put between letters (`c\a"t`, `&#106;ava`, `java<tab>script`). A text without them
 * can only match the plain spelling, of which far more is required.
 */
const disguises: readonly string[] = ['\\\'"', '"^', '&\t\n\r']
/** A need that rules out this much, in bits, is not worth a second look. */
const ENOUGH = 12

/** What every match of the pattern requires; undefined when that is nothing useful. */
export function requiredLiterals(node: RegexNode): Need | undefined {
  return finish(findingRequiredLiterals(node))
}

/** The same, pausing between the parts of the pattern. */
export function* findingRequiredLiterals(node: RegexNode): Generator<void, Need | undefined> {
  const plain = yield* branchesOf(node)
  let best = plain
  if (needWorth(plain) < ENOUGH) {
    for (const disguise of disguises) {
      if (needWorth(best) >= ENOUGH) break
      const undisguised = without(node, disguise)
      if (undisguised === node) continue
      const strict = undisguised === undefined ? [] : yield* branchesOf(undisguised)
      const worth = needWorth(strict)
      if (worth > needWorth(best)) best = [...strict, ...plain.map((branch) => [...branch, Array.from(disguise)])]
    }
  }
  return best.every((branch) => branch.length > 0) ? best : undefined
}

function* branchesOf(node: RegexNode): Generator<void, Branch[]> {
  learned.clear()
  yield* learnParts(node, true)
  const branches: Branch[] = []
  for (const branch of splitBranches(node)) {
    branches.push(chooseClauses(learn(branch)))
    yield
  }
  return branches
}

/**
 * Learns what a pattern consists of from the inside, so that each step is a short one; alternatives at its top are left
 * out (`isTop`), since they become branches.
 */
function* learnParts(node: RegexNode, isTop: boolean): Generator<void, void> {
  const parts = node.kind === 'repeat' ? [node.item] : 'items' in node ? node.items : []
  const areBranches = isTop && node.kind === 'alternate'
  for (const part of parts) {
    if (part.kind === 'chars' || part.kind === 'nothing') continue
    yield* learnParts(part, areBranches)
    if (areBranches) continue
    learn(part)
    yield
  }
}

/** How little the commonest branch occurs; a branch with nothing required is worth nothing. */
function needWorth(need: Need): number {
  return Math.min(
    ...need.map((branch) => branch.slice(0, MAX_CLAUSES).reduce((sum, clause) => sum + clauseWorth(clause), 0)),
    Infinity,
  )
}

/** The pattern as far as it matches texts without these characters; undefined when it matches none of them. */
function without(node: RegexNode, characters: string): RegexNode | undefined {
  if (node.kind === 'nothing') return node
  if (node.kind === 'chars') {
    const set = node.set.without(characters)
    return set === node.set ? node : set.isEmpty ? undefined : { kind: 'chars', set }
  }
  if (node.kind === 'repeat') {
    const item = without(node.item, characters)
    if (item === undefined) return node.min === 0 ? { kind: 'nothing' } : undefined
    return item === node.item ? node : { ...node, item }
  }
  const items = node.items.map((item) => without(item, characters))
  const left = items.filter((item) => item !== undefined)
  if (left.length === items.length && left.every((item, index) => item === node.items[index])) return node
  if (node.kind === 'concat') return left.length < items.length ? undefined : { kind: 'concat', items: left }
  return left.length === 0 ? undefined : { kind: 'alternate', items: left }
}

/** Turns alternations at the top, also inside one sequence, into branches of their own. */
function splitBranches(node: RegexNode): RegexNode[] {
  if (node.kind === 'alternate') return capped(node.items.flatMap(splitBranches), node)
  if (node.kind !== 'concat') return [node]
  const at = node.items.findIndex((item) => item.kind === 'alternate' && learn(item).exact === undefined)
  const item = node.items[at]
  if (item?.kind !== 'alternate') return [node]
  const split = item.items.map((branch): RegexNode => ({
    kind: 'concat',
    items: node.items.toSpliced(at, 1, ...itemsOf(branch)),
  }))
  return split.length > MAX_BRANCHES ? [node] : capped(split.flatMap(splitBranches), node)
}

function itemsOf(node: RegexNode): readonly RegexNode[] {
  return node.kind === 'concat' ? node.items : [node]
}

function capped(branches: RegexNode[], whole: RegexNode): RegexNode[] {
  return branches.length > MAX_BRANCHES ? [whole] : branches
}

/** What was learned of the parts of the pattern under analysis: branches that were split off share them. */
const learned = new Map<RegexNode, Knowledge>()

function learn(node: RegexNode): Knowledge {
  let known = learned.get(node)
  if (known === undefined) learned.set(node, (known = learnAnew(node)))
  return known
}

function learnAnew(node: RegexNode): Knowledge {
  if (node.kind === 'nothing') return exactly([''])
  if (node.kind === 'chars') return learnCharacters(node.set.folded)
  if (node.kind === 'alternate') return either(node.items.map(learn))
  if (node.kind === 'repeat') return repeated(learn(node.item), node.min, node.max)
  return node.items.reduce<Knowledge>((left, item) => join(left, learn(item)), exactly(['']))
}

function learnCharacters(units: readonly number[]): Knowledge {
  if (units.length > MAX_CHARS || units.length === 0 || units.includes(BEYOND_ASCII)) return unknown
  return exactly(units.map((unit) => String.fromCharCode(unit)))
}

function exactly(texts: readonly string[]): Knowledge {
  return { exact: texts, head: texts, tail: texts, clauses: [] }
}

function join(left: Knowledge, right: Knowledge): Knowledge {
  const exact = left.exact && right.exact && product(left.exact, right.exact)
  if (exact !== undefined) return exactly(exact)
  return {
    exact: undefined,
    head: left.exact ? heads(product(left.exact, right.head) ?? left.exact) : left.head,
    tail: right.exact ? tails(product(left.tail, right.exact) ?? right.exact) : right.tail,
    clauses: fewBest([...clausesOf(left), ...clausesOf(right), ...jointsOf(left.tail, right.head)]),
  }
}

function either(all: readonly Knowledge[]): Knowledge {
  const exact = all.flatMap((one) => one.exact ?? [])
  if (all.every((one) => one.exact !== undefined) && exact.length <= MAX_ALTERNATIVES) return exactly(distinct(exact))
  const best = all.map((one) => bestClause(clausesOf(one)))
  const known = best.every((clause) => clause !== undefined)
  return {
    exact: undefined,
    head: heads(distinct(all.flatMap((one) => one.head))),
    tail: tails(distinct(all.flatMap((one) => one.tail))),
    clauses: known ? usable(best.flat()) : [],
  }
}

function repeated(item: Knowledge, min: number, max: number): Knowledge {
  if (min === 0) {
    const few = max === 1 && item.exact !== undefined && item.exact.length < MAX_CHARS
    return few ? exactly(distinct(['', ...(item.exact ?? [])])) : unknown
  }
  const times = Math.min(min, 8)
  let least = item
  for (let count = 1; count < times; count += 1) least = join(least, item)
  if (min === max && times === min) return least
  return { exact: undefined, head: heads(least.head), tail: tails(least.tail), clauses: clausesOf(least) }
}

function product(
  left: readonly string[],
  right: readonly string[],
  most: number = MAX_SET,
): readonly string[] | undefined {
  if (left.length * right.length > most && left.length > 1 && right.length > 1) return undefined
  if (left.length * right.length > MAX_ALTERNATIVES) return undefined
  if (left.length === 1 && left[0] === '') return right
  if (left.length === 1 && right.length === 1) return [`${left[0]}${right[0]}`]
  return distinct(left.flatMap((a) => right.map((b) => a + b)))
}

/** What stands where two parts meet; nothing new when one side may be anything. */
function jointsOf(tail: readonly string[], head: readonly string[]): readonly Clause[] {
  if (tail.includes('') || head.includes('')) return []
  return usable(product(tail, head, MAX_JOINTS) ?? [])
}

function fewBest(clauses: readonly Clause[]): readonly Clause[] {
  if (clauses.length <= MAX_KEPT_CLAUSES * 2) return clauses
  return clauses.toSorted((a, b) => clauseWorth(b) - clauseWorth(a)).slice(0, MAX_KEPT_CLAUSES)
}

function heads(texts: readonly string[]): readonly string[] {
  if (texts.every((text) => text.length <= MAX_END)) return fewEnough(texts)
  return fewEnough(distinct(texts.map((text) => text.slice(0, MAX_END))))
}

function tails(texts: readonly string[]): readonly string[] {
  if (texts.every((text) => text.length <= MAX_END)) return fewEnough(texts)
  return fewEnough(distinct(texts.map((text) => text.slice(-MAX_END))))
}

function fewEnough(texts: readonly string[]): readonly string[] {
  return texts.length > MAX_ALTERNATIVES ? [''] : texts
}

function clausesOf(known: Knowledge): readonly Clause[] {
  return known.exact === undefined ? known.clauses : usable(known.exact)
}

/** The texts as a clause, without those that hold another; none when one of them is empty. */
function usable(texts: readonly string[]): Clause[] {
  if (texts.length === 0 || texts.includes('')) return []
  const sorted = distinct(texts).sort((a, b) => a.length - b.length)
  const kept: string[] = []
  for (const text of sorted) {
    const isImplied = sorted.length <= MAX_SET && kept.some((shorter) => text.includes(shorter))
    if (!isImplied) kept.push(text)
  }
  return [kept]
}

/** The clauses that rule out most: rare first, and none that says what another says. */
function chooseClauses(known: Knowledge): Branch {
  const chosen: Clause[] = []
  const sorted = [...clausesOf(known)].sort((a, b) => clauseWorth(b) - clauseWorth(a))
  for (const clause of sorted) {
    if (chosen.length === MAX_CLAUSES + MAX_MORE_CLAUSES) break
    if (!chosen.some((other) => implies(other, clause))) chosen.push(clause)
  }
  return chosen
}

function bestClause(clauses: readonly Clause[]): Clause | undefined {
  return clauses.toSorted((a, b) => clauseWorth(b) - clauseWorth(a))[0]
}

function implies(clause: Clause, other: Clause): boolean {
  return (
    clause.length * other.length > MAX_SET * MAX_SET ||
    clause.every((text) => other.some((part) => text.includes(part)))
  )
}

const worths = new WeakMap<Clause, number>()

/** How little a clause occurs in ordinary requests, in bits, roughly: how seldom any of its texts does. */
function clauseWorth(clause: Clause): number {
  let worth = worths.get(clause)
  if (worth === undefined) {
    const frequency = clause.reduce((sum, text) => sum + 2 ** -textWorth(text), 0)
    worths.set(clause, (worth = -Math.log2(frequency)))
  }
  return worth
}

/** How little a text occurs in ordinary requests, in bits, roughly. */
export function textWorth(text: string): number {
  // Scans do not tell letters apart, nor digits, and do not like to look for two of them.
  if (text.length < 3 && /^[a-z0-9 ]*$/.test(text)) return text.length * 2 - 1
  let worth = 0
  for (let index = 0; index < text.length && index < MAX_END; index += 1) worth += unitWorth(text.charCodeAt(index))
  return worth
}

const common = new Set(Array.from('etaoinsrhldcum ./-:;,=&0123456789', (unit) => unit.charCodeAt(0)))

/** Bits that a character tells, roughly, in query strings, forms, JSON and headers. */
function unitWorth(unit: number): number {
  if (common.has(unit)) return 3
  return unit >= 0x61 && unit <= 0x7a ? 5 : 7
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
