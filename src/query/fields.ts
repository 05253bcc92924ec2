import { nearest } from '../model/nearest.ts'
import { attribute } from '../model/span-record.ts'
import type { Extent, Field, ReservedName } from './ast.ts'
import { type QueryError, unknownField } from './query-error.ts'

export interface ReservedField {
  readonly name: ReservedName
  /** What its values are; `id` is hexadecimal, `timestamp` and `duration` are numbers in milliseconds. */
  readonly type: 'text' | 'id' | 'duration' | 'timestamp'
  readonly says: string
}

/** The fields that are written without `@` (spec/detection.md 1.1). */
export const reservedFields: readonly ReservedField[] = [
  { name: 'service', type: 'text', says: 'the service' },
  { name: 'env', type: 'text', says: 'the environment' },
  { name: 'version', type: 'text', says: 'the version of the service' },
  { name: 'status', type: 'text', says: 'ok or error' },
  { name: 'trace_id', type: 'id', says: 'the trace, hexadecimal or decimal' },
  { name: 'span_id', type: 'id', says: 'the span, hexadecimal or decimal' },
  { name: 'resource_name', type: 'text', says: 'method and route' },
  { name: 'operation_name', type: 'text', says: 'the name of the span' },
  { name: 'duration', type: 'duration', says: 'how long it took: 20ms, 1.5s; nanoseconds without a unit' },
  { name: 'timestamp', type: 'timestamp', says: 'when it began: ISO 8601 in quotes, or milliseconds since 1970' },
  { name: 'type', type: 'text', says: 'the type of the span' },
]

/** Attributes whose values are addresses: there, an address or CIDR block tests for the network. */
export const addressFacets: ReadonlySet<string> = new Set([attribute.clientIp, 'network.client.ip'])

/** Where free text is looked for, beside the resource name. */
export const freeTextFacets: readonly string[] = [attribute.route, attribute.userAgent, attribute.login]

const reserved: ReadonlyMap<string, ReservedField> = new Map(reservedFields.map((field) => [field.name, field]))

/** The reserved field of this name. */
export function reservedField(name: string): ReservedField | undefined {
  return reserved.get(name)
}

/** The field that a name in a query or a facet stands for; throws QUERY_UNKNOWN_FIELD with a did-you-mean. */
export function resolveField(written: string, at: Extent): Field {
  if (written.length > 1 && written.startsWith('@')) return { kind: 'attribute', name: written.slice(1) }
  const known = reserved.get(written)
  if (known !== undefined) return { kind: 'reserved', name: known.name }
  throw unknownFieldAt(written, at)
}

/** The field of a facet as the API and the rules name it: `@http.client_ip`, `service`. Throws QUERY_UNKNOWN_FIELD. */
export function parseFacet(facet: string): Field {
  return resolveField(facet, { start: 0, end: facet.length })
}

/** A field as a facet: the inverse of `parseFacet`. */
export function printFacet(field: Field): string {
  return field.kind === 'attribute' ? `@${field.name}` : field.name
}

/** Whether a value of this field is compared without regard to case: reserved fields and `@appsec.*` are. */
export function ignoresCase(field: Field): boolean {
  return field.kind === 'reserved' || field.name.startsWith('appsec.')
}

function unknownFieldAt(written: string, { start, end }: Extent): QueryError {
  const near = nearest(written, reserved.keys())
  return unknownField(written, {
    position: start,
    length: end - start,
    expected: `one of ${[...reserved.keys()].join(', ')}, or @ and the name of an attribute`,
    suggestion: near ?? (written.startsWith('@') ? undefined : `@${written}`),
  })
}
