import { gunzipSync } from 'node:zlib'
import { unpack } from 'msgpackr'
import { expect } from 'vitest'
import type { WireSpan } from '../../support/fake-agent.ts'
import type { TracerCase } from './cases/tracer-case.ts'

/** What came back of a request, and what arrived at the agent. */
export interface Seen {
  readonly response: Response
  readonly reply: string
  readonly span: WireSpan
}

/** Holds what was seen of a request against its case. */
export function expectSeen(one: Omit<TracerCase, 'says' | 'before'>, { response, reply, span }: Seen): void {
  expect(response.status).toBe(one.status)
  if (one.reply !== undefined) expect(reply).toMatch(one.reply)
  for (const [name, value] of Object.entries(one.replyHeaders ?? {})) {
    const text = response.headers.get(name) ?? ''
    if (typeof value === 'string') expect(text).toBe(value)
    else expect(text).toMatch(value)
  }
  for (const [name, value] of Object.entries(one.meta ?? {})) {
    const text = span.meta[name]
    if (value instanceof RegExp)
      expect(`${name}=${text}`).toMatch(new RegExp(value.source.replace('^', `^${name}=`), 's'))
    else expect([name, text]).toEqual([name, value])
  }
  for (const [name, value] of Object.entries(one.metrics ?? {})) {
    const number = span.metrics[name]
    if (value === 'some') expect(number).toBeGreaterThan(0)
    else expect([name, number]).toEqual([name, value])
  }
  for (const [name, value] of Object.entries(one.schemas ?? {})) {
    const packed = Buffer.from(span.meta[name] ?? '', 'base64')
    expect(JSON.parse(gunzipSync(packed).toString())).toEqual(value)
  }
  if (one.structs !== undefined) {
    const structs = Object.entries(span.meta_struct ?? {}).map(([name, bytes]) => [name, unpack(bytes) as unknown])
    expect(Object.fromEntries(structs)).toEqual(one.structs)
  }
  if (one.service !== undefined) expect(span.service).toBe(one.service)
  if (one.error !== undefined) expect(span.error).toBe(one.error)
}
