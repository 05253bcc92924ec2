import { parseNetwork } from '../model/ip-address.ts'
import type { Field, Glob, Leaf } from './ast.ts'
import { addressFacets, ignoresCase, reservedField } from './fields.ts'
import { hasWildcard, literalText } from './glob.ts'
import { operandExpected, readOperand } from './operand.ts'
import { readIdentifier } from './span-identifier.ts'

/** The test that a plain value stands for on this field, or what was expected when it can be none. */
export function testOfText(field: Field, glob: Glob): Leaf | string {
  const [only] = glob
  if (glob.length === 1 && typeof only === 'object' && only.wildcard === '*') return { kind: 'exists' }
  const type = field.kind === 'reserved' ? reservedField(field.name)?.type : undefined
  if (type === 'duration' || type === 'timestamp') {
    const operand = hasWildcard(glob) ? undefined : readOperand(field, literalText(glob))
    return operand === undefined ? operandExpected(field) : { kind: 'compare', operator: '=', operand }
  }
  if (hasWildcard(glob)) return { kind: 'like', glob }
  return testOfLiteral(field, literalText(glob))
}

/** As `testOfText`, for text without wildcards. */
function testOfLiteral(field: Field, text: string): Leaf | string {
  if (field.kind === 'reserved' && reservedField(field.name)?.type === 'id') {
    const forms = readIdentifier(field.name, text)
    return forms === undefined ? 'an id in hexadecimal or decimal digits' : { kind: 'id', text, ...forms }
  }
  if (field.kind === 'attribute' && addressFacets.has(field.name)) {
    const network = parseNetwork(text)
    if (network !== undefined) return { kind: 'network', text, words: [...network.words], bits: network.bits }
    // As text it would find nothing, without a word.
    if (/^[\da-f.:]+\/\d*$/i.test(text)) return 'a network, such as 10.0.0.0/8 or 2001:db8::/32'
  }
  return { kind: 'is', text, ignoreCase: ignoresCase(field) }
}

/** What `tags:"key:value"` and `tags:"key"` stand for: the attribute, or the textual reserved field, of that name. */
export function readTags(text: string): { field: Field; test: Leaf } | undefined {
  const colon = text.indexOf(':')
  const name = colon < 0 ? text : text.slice(0, colon)
  if (name === '') return undefined
  const known = reservedField(name)
  const field: Field = known?.type === 'text' ? { kind: 'reserved', name: known.name } : { kind: 'attribute', name }
  const test = colon < 0 ? ({ kind: 'exists' } as const) : testOfLiteral(field, text.slice(colon + 1))
  return typeof test === 'string' ? undefined : { field, test }
}
