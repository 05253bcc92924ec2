import { randomUUID } from 'node:crypto'
import type { Clock } from '../../model/clock.ts'
import type { DetectionRule } from '../../model/detection-rule.ts'
import type { SignalUpdate } from '../../model/signal.ts'
import type { Changes, RuleVersion, State } from '../state/state.ts'
import type { Store, WindowCounts } from '../store/store.ts'
import { urgently } from '../urgently.ts'
import type { Detection, DetectionOptions, TickReport } from './detect.ts'
import { keepCourses } from './course.ts'
import type { Courses } from './course.ts'
import { closeQuiet, compileRule, evaluate } from './evaluate.ts'
import type { CompiledRule } from './evaluate.ts'
import { readFindings, standsOutBy } from './findings.ts'
import { keepFigures } from './keep-figures.ts'
import { joinChanges } from './join-changes.ts'
import { seedRules, shippedRules } from './shipped-rules.ts'
import { signalChanges } from './signal-changes.ts'
import { SignalMemory } from './signal-memory.ts'
import { gridMs, isSlow, keepSlowWindows, type SlowWindows, type StandsOut } from './slow-windows.ts'
import { keepStrangers, type Strangers } from './strangers.ts'
import { withoutSignalled } from './unless.ts'

const evaluateEveryMs = 1_000
/** How often it is looked whether a rule is due. */
const lookEveryMs = 200
/** A rule is not evaluated again before ten times what it costs: the least of its last evaluations, as the others waited. */
const costFactor = 10
const costsKept = 5
/** How long a signal can come back, and how far back a course reaches. */
const rememberMs = 31 * 86_400_000
/** With nothing to signal, positions are written this often: a restart then evaluates a little twice, to no effect. */
const savePositionsEveryMs = 10_000

interface RunningRule {
  readonly compiled: CompiledRule
  readonly courses: { read(): Promise<Courses> } | undefined
  readonly strangers: Strangers
  /** Where the windows are too long to end at every second. */
  readonly slow: SlowWindows | undefined
  /** The last point of the grid at which they were evaluated; starting again at an earlier one changes nothing. */
  gridMs: number
  position: number
  nextAtMs: number
  costsMs: readonly number[]
}

/**
 * Becomes the leader of detection and prepares it: rules, positions and signals come from the state, so that it goes on
 * where the last leader stopped. A rule that is new begins with what is appended from now on.
 */
export async function createDetection(options: DetectionOptions): Promise<Detection> {
  const { store, state, clock, respond, onError } = options
  const promptStore = urgently(store)
  const epoch = await state.lead()
  await seed(state, clock)
  const memory = new SignalMemory(await state.recentSignals(clock.nowMs() - rememberMs))
  const figures = await keepFigures({ store, state, clock, memory, epoch })
  const rules = new Map<string, RunningRule>()
  let savedAtMs = clock.nowMs()
  let running: Promise<unknown> = Promise.resolve()
  let slowRunning: Promise<readonly SignalUpdate[]> | undefined
  let cancel: (() => void) | undefined
  let stopped = false

  async function take({ rule, deleted }: RuleVersion): Promise<void> {
    const before = rules.get(rule.id)
    if (deleted || !rule.enabled) {
      rules.delete(rule.id)
      return
    }
    const position = before?.position ?? (await firstPosition(rule))
    const compiled = compileRule(rule)
    const courses = rule.method === 'anomaly' ? keepCourses(promptStore, rule, clock) : undefined
    const readStandsOut = async (): Promise<StandsOut> =>
      standsOutBy(rule, { courses: (await courses?.read()) ?? new Map(), memory })
    rules.set(rule.id, {
      compiled,
      courses,
      strangers: keepStrangers(promptStore, rule),
      slow: isSlow(rule) ? keepSlowWindows(store, compiled, readStandsOut) : undefined,
      gridMs: 0,
      position,
      nextAtMs: 0,
      costsMs: [],
    })
  }

  /** Where the rule stopped; a new one begins here, and is to begin here again if the first tick never comes. */
  async function firstPosition(rule: DetectionRule): Promise<number> {
    const known = await state.position(positionOf(rule))
    if (known !== null) return known
    const position = await store.sequence()
    await state.commit({ epoch, positions: { [positionOf(rule)]: position } })
    return position
  }

  for (const version of await state.rules()) await take(version)
  /** Disabled and deleted ones too: their signals still come to an end. */
  const knownRules = new Map<string, DetectionRule>((await state.rules()).map(({ rule }) => [rule.id, rule]))
  for (const { rule } of memory.open()) {
    if (knownRules.has(rule.id)) continue
    const [newest] = await state.ruleVersions(rule.id)
    if (newest !== undefined) knownRules.set(rule.id, newest.rule)
  }

  const unsubscribe = state.subscribe((changes) => {
    memory.apply(changes)
    figures.apply(changes)
    for (const version of changes.rules ?? []) {
      knownRules.set(version.rule.id, version.rule)
      running = running.then(() => take(version)).catch(onError)
    }
  })

  async function slowWindowsOf(rule: RunningRule, slow: SlowWindows): Promise<readonly WindowCounts[]> {
    const step = gridMs(rule.compiled.rule)
    const toMs = Math.floor(clock.nowMs() / step) * step
    if (toMs <= rule.gridMs) return []
    const windows = await slow.at(toMs)
    if (windows !== undefined) rule.gridMs = toMs
    return windows ?? []
  }

  async function evaluateWindows(
    rule: RunningRule,
    all: readonly WindowCounts[],
    from: Store,
  ): Promise<readonly SignalUpdate[]> {
    const { rule: definition } = rule.compiled
    const windows = withoutSignalled(definition, all, memory)
    if (windows.length === 0) return []
    const courses = (await rule.courses?.read()) ?? new Map()
    const findingOf = await readFindings(from, definition, windows, { courses, memory, strangers: rule.strangers })
    return evaluate({
      compiled: rule.compiled,
      windows,
      latest: memory.latest(definition.id),
      nowMs: clock.nowMs(),
      newId: randomUUID,
      findingOf,
    })
  }

  /** Evaluates a rule and commits what it found; when it is due again depends on what looking cost, not on the answer. */
  async function turn(
    rule: RunningRule,
    upTo: number,
    look: () => Promise<readonly SignalUpdate[]>,
  ): Promise<readonly SignalUpdate[]> {
    const startedMs = clock.nowMs()
    const isOver = (): void => {
      const every = rule.compiled.rule.evaluateEveryMs ?? evaluateEveryMs
      rule.costsMs = [...rule.costsMs, clock.nowMs() - startedMs].slice(-costsKept)
      rule.nextAtMs = startedMs + Math.max(every, costFactor * Math.min(...rule.costsMs))
    }
    try {
      const updates = await look().finally(isOver)
      if (updates.length > 0) await commitFound(updates, { [positionOf(rule.compiled.rule)]: upTo })
      rule.position = upTo
      return updates
    } catch (error) {
      onError(error)
      return []
    }
  }

  /** The rules of short windows: one look tells for which of them anything is new. */
  async function fastTurns(due: readonly RunningRule[], upTo: number): Promise<readonly SignalUpdate[]> {
    const behind = due.filter(({ position }) => position < upTo)
    const requests = behind.map(({ compiled: { rule }, position }) => ({
      queries: rule.queries,
      suppress: rule.suppress ?? [],
      groupBy: rule.groupBy,
      windowSeconds: rule.windowSeconds,
      touched: { afterSequence: position, upToSequence: upTo },
    }))
    const touched = behind.length === 0 ? [] : await store.touched(requests)
    const news = new Map(behind.map((rule, index) => [rule, { request: requests[index], seconds: touched[index] }]))
    const found: SignalUpdate[] = []
    for (const rule of due) {
      const { request, seconds } = news.get(rule) ?? {}
      const look = async (): Promise<readonly SignalUpdate[]> => {
        if (request === undefined || seconds === undefined) return []
        const windows = await store.windows({ ...request, touched: { ...request.touched, seconds } })
        return evaluateWindows(rule, windows, promptStore)
      }
      found.push(...(await turn(rule, upTo, look)))
    }
    return found
  }

  /** The rules of long windows, beside the others: however long they take, these are not held up. */
  async function slowTurns(upTo: number): Promise<readonly SignalUpdate[]> {
    const found: SignalUpdate[] = []
    for (const rule of rules.values()) {
      const { slow } = rule
      if (slow === undefined || rule.nextAtMs > clock.nowMs()) continue
      found.push(...(await turn(rule, upTo, async () => evaluateWindows(rule, await slowWindowsOf(rule, slow), store))))
    }
    figures.touch(found)
    return found
  }

  async function tickNow(): Promise<TickReport> {
    const nowMs = clock.nowMs()
    const upTo = await store.sequence()
    const isDue = ({ nextAtMs }: RunningRule): boolean => nextAtMs <= nowMs
    const due = [...rules.values()].filter(isDue)
    if (slowRunning === undefined && due.some(({ slow }) => slow !== undefined)) {
      slowRunning = slowTurns(upTo).finally(() => (slowRunning = undefined))
    }
    const fast = due.filter(({ slow }) => slow === undefined).sort(blockingFirst)
    const found = await fastTurns(fast, upTo)
    const closed = closings(nowMs, found)
    if (closed.length > 0 || nowMs - savedAtMs >= savePositionsEveryMs) {
      await commitFound(
        closed,
        Object.fromEntries([...rules.values()].map(({ compiled, position }) => [positionOf(compiled.rule), position])),
      )
      savedAtMs = nowMs
    }
    memory.forgetBefore(nowMs - rememberMs)
    figures.touch([...found, ...closed])
    return { evaluatedRules: due.length, signals: [...found, ...closed] }
  }

  /** Writes what a rule found, the answers to it and how far it came, all together. */
  async function commitFound(
    updates: readonly SignalUpdate[],
    positions: Readonly<Record<string, number>>,
  ): Promise<void> {
    const own = signalChanges(updates, (id) => memory.get(id), new Date(clock.nowMs()).toISOString())
    const answers = await answer(updates)
    await state.commit({ ...joinChanges(own, answers), positions, epoch })
  }

  /** A signal is written even when it could not be answered; the next tick that sees it go on asks again. */
  async function answer(updates: readonly SignalUpdate[]): Promise<Changes> {
    if (updates.length === 0) return {}
    try {
      return await respond(updates)
    } catch (error) {
      onError(error)
      return {}
    }
  }

  function closings(nowMs: number, updates: readonly SignalUpdate[]): readonly SignalUpdate[] {
    const touched = new Set(updates.map(({ signal }) => signal.id))
    return memory.open().flatMap((signal) => {
      const rule = knownRules.get(signal.rule.id)
      // What is being looked at beside the tick may still go on.
      const isLookedAt = slowRunning !== undefined && rules.get(signal.rule.id)?.slow !== undefined
      return touched.has(signal.id) || isLookedAt || rule === undefined ? [] : closeQuiet(rule, [signal], nowMs)
    })
  }

  function nextTick(): Promise<TickReport> {
    const turn = running.then(tickNow)
    running = turn.catch(() => undefined)
    return turn
  }

  /** Figures are read beside the ticks: however many signals there are, the next crossing is not held up. */
  function schedule(): void {
    if (stopped) return
    cancel = clock.after(lookEveryMs, () => {
      nextTick()
        .then(() => void figures.refresh(onError))
        .catch(onError)
        .finally(schedule)
    })
  }

  return {
    epoch,
    start: schedule,
    async tick() {
      const { evaluatedRules, signals } = await nextTick()
      const slow = (await slowRunning) ?? []
      await figures.refresh(onError)
      return { evaluatedRules, signals: [...signals, ...slow] }
    },
    async stop() {
      stopped = true
      cancel?.()
      unsubscribe()
      await running
      await slowRunning
      await figures.idle()
    },
  }
}

/** Brings the rules that ship into the state, where they are versioned like all others. */
async function seed(state: State, clock: Clock): Promise<void> {
  const shipped = shippedRules()
  const newest = new Map<string, RuleVersion>()
  for (const { id } of shipped) {
    const [version] = await state.ruleVersions(id)
    if (version !== undefined) newest.set(id, version)
  }
  const changes = seedRules(shipped, newest, new Date(clock.nowMs()).toISOString())
  if (changes.rules !== undefined) await state.commit(changes)
}

/** Rules that block come first: what they find is enforced while the others are evaluated. */
function blockingFirst(a: RunningRule, b: RunningRule): number {
  return Number(blocks(b.compiled.rule)) - Number(blocks(a.compiled.rule))
}

function blocks({ cases }: DetectionRule): boolean {
  return cases.some(({ respond = [] }) => respond.some((response) => 'block' in response))
}

function positionOf(rule: DetectionRule): string {
  return `detect:${rule.id}`
}
