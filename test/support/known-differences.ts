import { isShape } from '../../src/waf/detectors/sqli/shape-table.ts'
import type { WafEvent, WafMatchParameter } from '../../src/waf.ts'
import { operatorInBoth } from './compare-operator.ts'
import type { RecommendedRule } from './recommended-ruleset.ts'
import { referencePhrase } from './reference-phrase.ts'
import { sameJson } from './same-json.ts'

/** One rule over one request, judged apart; `undefined`: no event. */
export interface Difference {
  readonly rule: RecommendedRule
  readonly request: Readonly<Record<string, unknown>>
  readonly ours: WafEvent | undefined
  readonly theirs: WafEvent | undefined
}

/** A way in which we mean to differ. `explains` holds for differences of that kind only. */
export interface KnownDifference {
  readonly why: string
  readonly explains: (difference: Difference) => boolean
}

/** Whatever none of these explains must be equal to the last character. */
export const knownDifferences: readonly KnownDifference[] = [
  {
    why: 'phrase_match between word boundaries: the reference looks at its longest occurrence only, which does not stand alone (spec 1.6)',
    explains: ({ rule, ours }) =>
      rule.conditions.some(({ operator, parameters: { list, options } }, index) => {
        const found = parameters(ours)[index]
        if (operator !== 'phrase_match' || options?.enforce_word_boundary !== true || found === undefined) return false
        return phraseModel(list ?? [])(found.value) !== found.highlight[0]
      }),
  },
  {
    why: 'is_sqli: the reference ends its reading where a word touches what stands before it; with a space between both say the same',
    explains: sqliDiffers((text, ours) => spaced(text).some((one) => sqli.reference(one) === ours)),
  },
  {
    why: 'is_sqli: the reference lists this shape for another kind of value (number, string, variable, name) only',
    explains: sqliDiffers((_, ours) => ours !== undefined && kindsOfValue(ours).some(isListed)),
  },
  {
    why: 'is_sqli: prose with an aside behind a space, "sleep (apnea) 5 tips"',
    explains: sqliDiffers((_, ours, theirs) => ours === undefined && /^f\([n1]\)[n1&]$/.test(theirs ?? '')),
  },
  {
    why: 'is_sqli: a shape that the reference lists for some kinds of value, and most of those kinds it does not',
    explains: sqliDiffers((text, ours) => ours === undefined && [text, ...spaced(text)].some(isLeftOut)),
  },
  {
    why: 'is_sqli: five tokens that end in an operator are enough for the reference; we read on, and fold "k / p" to one value',
    explains: sqliDiffers(
      (text, ours, theirs) =>
        ours === undefined && /^.{4}o$/.test(theirs ?? '') && beginnings(text).some((one) => sqli.ours(one) === theirs),
    ),
  },
  {
    why: 'match_regex: bytes that are no UTF-8 are U+FFFD to us; the reference matches nothing across them',
    explains: ({ rule, ours }) =>
      rule.conditions.some(
        ({ operator }, index) =>
          operator === 'match_regex' && parameters(ours)[index]?.highlight[0]?.includes('\ufffd') === true,
      ),
  },
  {
    why: 'numbers and booleans reach string operators; the reference passes them over (spec 1.3)',
    explains: ({ request, ours, theirs }) =>
      theirs === undefined &&
      parameters(ours).some(({ address, key_path }) =>
        /^(?:number|boolean)$/.test(typeof at(request[address], key_path)),
      ),
  },
  {
    why: 'unicode_normalize keeps U+0000; the reference makes it U+FFFD when the text has other characters beyond ASCII',
    explains: ({ ours, theirs }) =>
      ours !== undefined && theirs !== undefined && sameJson(withoutNulls(ours), withoutNulls(theirs)),
  },
  {
    why: 'halves of a surrogate pair that stand apart become one character when a transformer takes out what is between; the reference has made each U+FFFD',
    explains: ({ request, ours, theirs }) =>
      /\\ud[89a-f]/.test(JSON.stringify(request)) &&
      ours !== undefined &&
      theirs !== undefined &&
      sameJson(withoutPairs(ours), withoutPairs(theirs)),
  },
]

function withoutPairs(event: WafEvent): unknown {
  return JSON.parse(JSON.stringify(event).replaceAll(/[\u{10000}-\u{10ffff}]/gu, '\ufffd\ufffd'))
}

function withoutNulls(event: WafEvent): unknown {
  return JSON.parse(JSON.stringify(event).replaceAll('\\u0000', '\ufffd'))
}

function parameters(event: WafEvent | undefined): WafMatchParameter[] {
  return (event?.rule_matches ?? []).flatMap((match) => match.parameters as readonly WafMatchParameter[])
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((held, key) => (held as Readonly<Record<string, unknown>> | undefined)?.[key], value)
}

const phraseModels = new Map<readonly string[], (text: string) => string | undefined>()
function phraseModel(list: readonly string[]): (text: string) => string | undefined {
  let model = phraseModels.get(list)
  if (model === undefined) phraseModels.set(list, (model = referencePhrase(list)))
  return model
}

const sqli = operatorInBoth('is_sqli')

type Explains = (text: string, ours: string | undefined, theirs: string | undefined) => boolean

/** Holds when the two events stand on texts that the two detectors judge apart, in the way that is named. */
function sqliDiffers(isThisWay: Explains): (difference: Difference) => boolean {
  return ({ rule, ours, theirs }) =>
    rule.conditions.some(({ operator }) => operator === 'is_sqli') &&
    [...parameters(ours), ...parameters(theirs)].some(({ value }) => {
      const [mine, other] = [sqli.ours(value), sqli.reference(value)]
      return mine !== other && isThisWay(value, mine, other)
    })
}

/** With a space before every word that touches a digit or sign, before those behind no dot, and before each one. */
function spaced(text: string): string[] {
  const touching = /(?<=[^A-Za-z_\s\u0080-\uffff])(?=[A-Za-z_\u0080-\uffff])/g
  const behindNoDot = /(?<=[^A-Za-z_\s\u0080-\uffff.])(?=[A-Za-z_\u0080-\uffff])/g
  const places = [...text.matchAll(touching)].map(({ index }) => index)
  return [
    text.replaceAll(touching, ' '),
    text.replaceAll(behindNoDot, ' '),
    ...places.map((place) => `${text.slice(0, place)} ${text.slice(place)}`),
  ]
}

/** The text up to each of its signs. */
function beginnings(text: string): string[] {
  return [...text.matchAll(/[^\sA-Za-z0-9_\u0080-\uffff]/g)].map(({ index }) => text.slice(0, index + 1))
}

function isLeftOut(text: string): boolean {
  const fingerprint = sqli.reference(text)
  return fingerprint !== undefined && !isShape(fingerprint)
}

/** The fingerprint with each other kind of value, and of word that begins a statement, in each place. */
function kindsOfValue(fingerprint: string): string[] {
  return each(fingerprint, (letter) => {
    if ('1svn'.includes(letter)) return ['1', 's', 'v', 'n']
    return 'tT'.includes(letter) ? ['t', 'T'] : [letter]
  })
}

/** Words for each class, so that a fingerprint can be written out. */
const spelled: Readonly<Record<string, readonly string[]>> = {
  n: ['foo'],
  1: ['1'],
  s: ["'x'"],
  v: ['@v'],
  k: ['as', 'into', 'like'],
  f: ['sleep', 'ascii'],
  E: ['select'],
  U: ['union'],
  B: ['having', 'group by'],
  T: ['drop', 'create'],
  t: ['int'],
  o: ['=', '*', 'in'],
  '&': ['and', 'or'],
  c: ['--', '/*'],
  A: ['collate'],
  X: ['/*!x'],
}
const listed = new Map<string, boolean>()

/** Whether the reference flags some spelling of the fingerprint with that very fingerprint. */
function isListed(fingerprint: string): boolean {
  let known = listed.get(fingerprint)
  if (known === undefined) {
    known = each(fingerprint, (letter) => spelled[letter]?.map((word) => `${word} `) ?? [`${letter} `])
      .flatMap((text) => [text, text.trimEnd(), text.trimEnd().replace(/^'/, '')])
      .some((text) => sqli.reference(text) === fingerprint)
    listed.set(fingerprint, known)
  }
  return known
}

/** Every text made of one choice for each letter. */
function each(letters: string, choices: (letter: string) => readonly string[]): string[] {
  let texts = ['']
  for (const letter of letters) texts = texts.flatMap((text) => choices(letter).map((choice) => text + choice))
  return texts
}
