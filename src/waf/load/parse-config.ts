import { fail } from '../../model/error.ts'
import type { RulesetDiagnostics, RulesetSection } from '../../model/ruleset.ts'
import { builtInActions } from '../action.ts'
import type { Action } from '../action.ts'
import { asArray, asObject, asString, optionalString } from '../cast.ts'
import type { Json } from '../cast.ts'
import type { DataContents } from '../data-registry.ts'
import { createObfuscator } from '../obfuscator.ts'
import { learningPattern } from '../prefilter/pattern-need.ts'
import type { Rule } from '../rule.ts'
import type { Scanner } from '../scanner.ts'
import type { ObfuscatorOptions } from '../waf.ts'
import { suitsEngine } from './engine-version.ts'
import type { LoadScope } from './load-scope.ts'
import { nearest } from './nearest.ts'
import { parseAction } from './parse-action.ts'
import { Unsupported } from './parse-condition.ts'
import { parseData } from './parse-data.ts'
import { parseExclusion } from './parse-exclusion.ts'
import type { Exclusion } from './parse-exclusion.ts'
import { parseObfuscator } from './parse-obfuscator.ts'
import { parseOverride } from './parse-override.ts'
import type { RuleOverride } from './parse-override.ts'
import { parseProcessor, parseProcessorOverride } from './parse-processor.ts'
import type { ProcessorOverride, ProcessorSpec } from './parse-processor.ts'
import { parseRule } from './parse-rule.ts'
import { parseScanner } from './parse-scanner.ts'
import { SectionLog, messageOf } from './section.ts'

/** A configuration, read and compiled: everything in it that can be used, and what became of the rest. */
export interface Config {
  readonly diagnostics: RulesetDiagnostics
  readonly rules: readonly Rule[]
  readonly overrides: readonly RuleOverride[]
  readonly exclusions: readonly Exclusion[]
  readonly actions: readonly Action[]
  readonly rulesData: DataById
  readonly exclusionData: DataById
  readonly processors: readonly ProcessorSpec[]
  readonly processorOverrides: readonly ProcessorOverride[]
  readonly scanners: readonly Scanner[]
  readonly obfuscator: ObfuscatorOptions
}

/** What a configuration says of each list; several entries of one id are all in force. */
export type DataById = ReadonlyMap<string, readonly DataContents[]>

/** What reading a configuration needs from outside it. */
export interface ConfigScope {
  /** Ids that other configurations have already taken, by kind. */
  readonly taken: {
    readonly rules: ReadonlySet<string>
    readonly exclusions: ReadonlySet<string>
    readonly processors: ReadonlySet<string>
    readonly scanners: ReadonlySet<string>
    readonly actions: ReadonlySet<string>
  }
  readonly rules: Omit<LoadScope, 'warn' | 'actions'>
  readonly exclusions: Omit<LoadScope, 'warn' | 'actions'>
  /** Whether a version must be named; partial configurations may leave it out. */
  readonly versionRequired: boolean
}

type Warn = (message: string) => void

/** How the items of a section are told apart. */
interface SectionShape {
  /** Ids that are taken; an item must have one of its own. */
  readonly unique?: { readonly ids: Set<string>; readonly what: string }
  /** Whether its items may name the versions of the engine that they are for. */
  readonly hasVersions?: boolean
  /** Whether an `id` names the item itself; without it, messages name the index. */
  readonly hasIds?: boolean
}

/**
 * Reads a configuration item by item, pausing between them. Throws RULESET_INVALID when it is no configuration of this
 * format at all; an item that cannot be read is left out and named in the diagnostics.
 */
export function* parseConfig(value: unknown, scope: ConfigScope): Generator<void, Config> {
  const config = asObject(value, '$')
  checkVersion(config['version'], scope.versionRequired)
  const sections: Partial<Record<RulesetSection, ReturnType<SectionLog['diagnostics']>>> = {}

  function* section<T>(
    name: RulesetSection,
    parse: (item: Json, path: string, warn: Warn) => Generator<void, T> | T,
    { unique, hasVersions = false, hasIds = true }: SectionShape = {},
  ): Generator<void, T[]> {
    if (config[name] === undefined) return []
    const log = new SectionLog()
    const items: T[] = []
    try {
      for (const [index, item] of asArray(config[name], name).entries()) {
        const path = `${name}[${index}]`
        const id = (hasIds ? idOf(item) : undefined) ?? `index:${index}`
        try {
          const object = asObject(item, path)
          if (unique !== undefined) asString(object['id'], `${path}.id`)
          if (unique?.ids.has(id) === true) throw `duplicate ${unique.what}`
          if (hasVersions && !suitsEngine(object, path)) {
            log.skipped(id)
            log.warn(id, `${path}: meant for another version of the engine`)
            continue
          }
          const made = parse(object, path, (message) => log.warn(id, message))
          items.push(isGenerator(made) ? yield* made : made)
          unique?.ids.add(id)
          log.loaded(id)
        } catch (error) {
          noteFailure(log, id, error)
        }
        yield
      }
    } catch (error) {
      log.broken(messageOf(error))
    }
    sections[name] = log.diagnostics()
    return items
  }

  const ownObfuscator = config['obfuscator'] === undefined ? undefined : parseObfuscator(config['obfuscator'])
  if (ownObfuscator !== undefined) sections.obfuscator = ownObfuscator.diagnostics
  const hidden = createObfuscator(ownObfuscator?.options)
  const isSecret = (key: string): boolean => scope.rules.isSecret(key) || hidden.isSecretKey(key)
  const unique = (what: keyof typeof scope.taken, name: string): SectionShape => ({
    unique: { ids: new Set(scope.taken[what]), what: name },
  })
  const actions = yield* section('actions', parseAction, unique('actions', 'action'))
  const known = new Set([...builtInActions.keys(), ...scope.taken.actions, ...actions.map(({ id }) => id)])
  const forRules = { ...scope.rules, ...listed(config['rules_data'], scope.rules), isSecret, actions: known }
  const forFilters = { ...scope.exclusions, ...listed(config['exclusion_data'], scope.exclusions), actions: known }

  const rules = { ...unique('rules', 'rule'), hasVersions: true }
  const rulesOf = (source: Rule['source']) =>
    function* (item: Json, path: string, warn: Warn): Generator<void, Rule> {
      yield* learnPatterns(item)
      return parseRule(item, path, source, { ...forRules, warn })
    }
  const base = yield* section('rules', rulesOf('base'), rules)
  const compat = yield* section('rules_compat', rulesOf('base'), rules)
  const custom = yield* section('custom_rules', rulesOf('custom'), rules)
  const overrides = yield* section(
    'rules_override',
    (item, path, warn) => parseOverride(item, path, { actions: known, warn }),
    { hasIds: false },
  )
  const exclusions = yield* section(
    'exclusions',
    (item, path, warn) => parseExclusion(item, path, { ...forFilters, warn }),
    { ...unique('exclusions', 'filter'), hasVersions: true },
  )
  const processors = yield* section(
    'processors',
    (item, path, warn) => parseProcessor(item, path, { ...forRules, warn }),
    { ...unique('processors', 'processor'), hasVersions: true },
  )
  const processorOverrides = yield* section('processor_overrides', parseProcessorOverride, { hasIds: false })
  const scanners = yield* section('scanners', (item, path, warn) => parseScanner(item, path, { ...forRules, warn }), {
    ...unique('scanners', 'scanner'),
    hasVersions: true,
  })
  const rulesData = yield* section('rules_data', parseDataEntry)
  const exclusionData = yield* section('exclusion_data', parseDataEntry)

  const version = rulesetVersion(config['metadata'])
  const unknown = unknownSections(config)
  return {
    diagnostics: {
      ...sections,
      ...(version === undefined ? {} : { ruleset_version: version }),
      ...(unknown.length === 0 ? {} : { unknown }),
    },
    rules: [...base, ...compat, ...custom],
    overrides,
    exclusions,
    actions,
    rulesData: joinData(rulesData),
    exclusionData: joinData(exclusionData),
    processors,
    processorOverrides,
    scanners,
    obfuscator: ownObfuscator?.options ?? {},
  }
}

const sectionNames: readonly RulesetSection[] = [
  'actions',
  'rules',
  'rules_compat',
  'custom_rules',
  'rules_override',
  'exclusions',
  'processors',
  'processor_overrides',
  'scanners',
  'rules_data',
  'exclusion_data',
  'obfuscator',
]
const knownNames: ReadonlySet<string> = new Set<string>(['version', 'metadata', ...sectionNames])
/** Sections of no known name that are reported; more are no slip of the pen. */
const MAX_UNKNOWN = 20

/** Analyses the patterns of a rule in pauses, so that reading it finds them known: a large one takes tens of milliseconds. */
function* learnPatterns({ conditions }: Json): Generator<void, void> {
  if (!Array.isArray(conditions)) return
  for (const condition of conditions as readonly ({ readonly parameters?: { readonly regex?: unknown } } | null)[]) {
    const regex = condition?.parameters?.regex
    if (typeof regex === 'string') yield* learningPattern(regex)
  }
}

/** A line for each section that nothing reads. */
function unknownSections(config: Json): string[] {
  const names = Object.keys(config).filter((name) => !knownNames.has(name))
  return names.slice(0, MAX_UNKNOWN).map((name) => {
    const near = nearest(name, sectionNames)
    return `$.${name}: unknown section "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`
  })
}

function* parseDataEntry(item: Json, path: string, warn: Warn): Generator<void, readonly [string, DataContents]> {
  const id = asString(item['id'], `${path}.id`)
  return [id, yield* parseData(item, path, warn)] as const
}

function joinData(entries: readonly (readonly [string, DataContents])[]): DataById {
  const lists = new Map<string, DataContents[]>()
  for (const [id, contents] of entries) {
    const list = lists.get(id)
    if (list === undefined) lists.set(id, [contents])
    else list.push(contents)
  }
  return lists
}

function checkVersion(version: unknown, required: boolean): void {
  if (version === undefined && !required) return
  if (typeof version !== 'string' || !version.startsWith('2.'))
    throw fail('RULESET_INVALID', '$.version', 'a string such as "2.2" is required; only major version 2 is understood')
}

function rulesetVersion(metadata: unknown): string | undefined {
  if (typeof metadata !== 'object' || metadata === null) return undefined
  return optionalString((metadata as Json)['rules_version'], '$.metadata.rules_version')
}

function idOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const id = (item as Json)['id']
  return typeof id === 'string' || typeof id === 'number' || typeof id === 'boolean' ? String(id) : undefined
}

/** The lists that this configuration gives itself, beside those of the others. */
function listed(section: unknown, { lists }: Pick<LoadScope, 'lists'>): Pick<LoadScope, 'lists'> {
  const own = Array.isArray(section) ? section.flatMap((item: unknown) => idOf(item) ?? []) : []
  return { lists: new Set([...lists, ...own]) }
}

function noteFailure(log: SectionLog, id: string, error: unknown): void {
  if (!(error instanceof Unsupported)) return log.failed(id, error)
  if (error.outcome === 'skip') {
    log.skipped(id)
    return log.warn(id, error.message)
  }
  log.unknown(id, error.message)
}

function isGenerator<T>(made: Generator<void, T> | T): made is Generator<void, T> {
  return typeof made === 'object' && made !== null && Symbol.iterator in made && 'next' in made
}
