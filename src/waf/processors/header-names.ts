import { isPlainMap, readProperty, readText, readValue } from '../javascript-value.ts'
import { shortHash } from '../short-hash.ts'
import { headerMeaning } from './fingerprint-headers.ts'
import { keySequenceOf } from '../key-sequence.ts'

/** What the names of a request's headers say to the fingerprints, whatever their values. */
interface HeaderNames {
  /** Which of the known headers there are, as digits. */
  readonly knownBits: string
  /** `<count>-<hash>` of the other names. */
  readonly others: string
  /** The name under which the user agent comes. */
  readonly userAgent: string | undefined
  /** Which address headers there are, as digits, and their names in the order of the fingerprint. */
  readonly addressBits: string
  readonly addressNames: readonly string[]
  /** The network fingerprint when no address header has a value. */
  readonly withoutAddress: string
  /** The header fingerprint of late, for the user agent that it was made of. */
  last: { readonly agent: string; readonly fingerprint: string } | undefined
  /** The network fingerprint of late, for the count of addresses. */
  lastNetwork: { readonly count: number; readonly fingerprint: string } | undefined
}

/** Headers looked at; servers accept fewer. */
const MAX_HEADERS = 512

/** What the names of a request's headers say. Undefined when the value is no map. */
export function namesOf(headers: unknown): HeaderNames | undefined {
  const sequence = keySequenceOf(headers)
  if (sequence !== undefined) return (sequence.headers ??= readNames(sequence.keys())) as HeaderNames
  const read = readValue(headers, MAX_HEADERS)
  return read.kind === 'map' ? readNames(read.entries.map(([name]) => name)) : undefined
}

/** The text of the header with this name, "" when it has none. */
export function headerText(headers: unknown, name: string): string {
  const value = isPlainMap(headers as object)
    ? readProperty(headers as object, name)
    : entriesOf(headers).findLast(([other]) => other === name)?.[1]
  return readText(value) ?? ''
}

function entriesOf(headers: unknown): readonly (readonly [key: string, value: unknown])[] {
  const read = readValue(headers, MAX_HEADERS)
  return read.kind === 'map' ? read.entries : []
}

function readNames(names: readonly string[]): HeaderNames {
  const known = Array.from({ length: 10 }, () => '0')
  const addresses = Array.from({ length: 10 }, () => '0')
  const byPlace: { readonly bit: number; readonly name: string }[] = []
  const others: string[] = []
  let userAgent: string | undefined
  for (const name of names) {
    const meaning = headerMeaning(name)
    if (meaning.kind === 'known') known[meaning.bit] = '1'
    else if (meaning.kind === 'user-agent') userAgent = name
    else if (meaning.kind === 'unknown') others.push(meaning.name)
    else if (meaning.kind === 'ip') {
      addresses[meaning.bit] = '1'
      byPlace.push({ bit: meaning.bit, name })
    }
  }
  return {
    knownBits: known.join(''),
    others: `${others.length}-${others.length === 0 ? '' : shortHash(others.sort().join(','))}`,
    userAgent,
    addressBits: addresses.join(''),
    withoutAddress: `net-0-${addresses.join('')}`,
    last: undefined,
    lastNetwork: undefined,
    addressNames: byPlace.sort((a, b) => a.bit - b.bit).map(({ name }) => name),
  }
}
