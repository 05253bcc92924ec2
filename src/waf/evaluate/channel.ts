import type { Reader } from '../plan.ts'
import type { LiteralScanner } from '../prefilter/literal-scanner.ts'
import { CharacterVerdicts } from './character-verdicts.ts'
import { CleanValues } from './clean-values.ts'
import { CleanTexts } from './clean-texts.ts'
import type { Lens } from './lens.ts'
import type { PathNode } from './path-tree.ts'

/** What is read of the values at one place of an address and below it. A class, so that V8 lays all of them out alike. */
export class Channel {
  /** The readers that the scanner knows of. */
  readonly values: CharacterVerdicts
  /** For the keys of a map at this place and below. */
  readonly keys: CharacterVerdicts
  /** Readers without a prefilter, each asked about every value. */
  readonly tried: readonly Reader[]
  /** Texts that concern no reader of this channel. */
  readonly known: CleanTexts | undefined
  /** Whether something reads this place that can only be answered from the whole tree. */
  readonly stops: boolean
  readonly children: ReadonlyMap<string, Channel> | undefined
  /** What maps at this place held last. */
  readonly clean: CleanValues | undefined
  /** The channel of every other place below. */
  readonly below: Channel

  constructor(
    { values, keys, tried, known }: Readings,
    stops: boolean,
    children: ReadonlyMap<string, Channel> | undefined,
    clean: CleanValues | undefined,
    below: Channel | undefined,
  ) {
    this.values = values
    this.keys = keys
    this.tried = tried
    this.known = known
    this.stops = stops
    this.children = children
    this.clean = clean
    this.below = below ?? this
  }
}

/** What a place and those below it have in common. */
type Readings = Pick<Channel, 'values' | 'keys' | 'tried' | 'known'>

interface ChannelSource {
  readonly lenses: readonly Lens[]
  readonly direct: readonly Reader[]
  readonly scanner: LiteralScanner
  /** Clean texts that each channel remembers; 0: none. */
  readonly maxTexts: number
}

/** The channels of an address; undefined when only the whole tree will do: key paths with indices, tests of presence. */
export function openChannels(root: PathNode, source: ChannelSource): Channel | undefined {
  if (source.direct.some(({ condition }) => condition.condition.kind === 'presence') || hasIndices(root))
    return undefined
  return open(root, [], [], [], source)
}

function hasIndices(node: PathNode): boolean {
  return node.indices || [...node.children.values()].some(hasIndices)
}

function open(
  node: PathNode,
  aboveValues: readonly Lens[],
  aboveKeys: readonly Lens[],
  aboveTried: readonly Reader[],
  source: ChannelSource,
): Channel {
  const own = source.lenses.filter((lens) => lens.path === node)
  const direct = source.direct.filter((reader) => reader.path === node && !isParameter(reader))
  const values = [...aboveValues, ...own.filter((lens) => lens.source === 'values')]
  const keys = [...aboveKeys, ...own.filter((lens) => lens.source === 'keys')]
  const tried = [...aboveTried, ...direct.filter(isTriable)]
  const { maxTexts } = source
  const readings: Readings = {
    values: joined(values, source.scanner),
    keys: joined(keys, source.scanner),
    tried,
    known: maxTexts > 0 ? new CleanTexts(maxTexts) : undefined,
  }
  const children = [...node.children].map(
    ([key, child]) => [String(key), open(child, values, keys, tried, source)] as const,
  )
  const stops = direct.some((reader) => !isTriable(reader))
  const clean = maxTexts > 0 ? new CleanValues(maxTexts) : undefined
  if (children.length === 0 && !stops) return new Channel(readings, false, undefined, clean, undefined)
  const rest = new Channel(readings, false, undefined, undefined, undefined)
  return new Channel(readings, stops, children.length === 0 ? undefined : new Map(children), clean, rest)
}

function joined(lenses: readonly Lens[], { marked }: LiteralScanner): CharacterVerdicts {
  const readers = new Map<number, Reader[]>()
  for (const lens of lenses) for (const [id, own] of lens.readers) readers.set(id, [...(readers.get(id) ?? []), ...own])
  return new CharacterVerdicts(
    readers,
    marked,
    lenses.flatMap(({ changing }) => changing),
  )
}

/** Whether the reader can be asked at once, value by value: its rule would ask it first, and one match is enough. */
function isTriable({ condition: { condition, isFirst }, input }: Reader): boolean {
  return isFirst && condition.kind === 'scalar' && !condition.negated && input.source === 'values'
}

/** Whether the input is one that an exploit operator looks for in its resource. */
export function isParameter({ condition: { condition }, inputIndex }: Reader): boolean {
  return condition.kind === 'exploit' && inputIndex >= condition.resource.length
}
