import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { start } from '../../../src/tracer/start.ts'
import type { Tracer } from '../../../src/index.ts'
import { eventually } from '../../support/eventually.ts'
import { startFakeAgent, type FakeAgent, type WireSpan } from '../../support/fake-agent.ts'
import { openApp } from './app.ts'
import { writeCaseFiles, type CaseFiles } from './case-files.ts'
import { cases } from './cases.ts'
import type { TracerCase } from './cases/tracer-case.ts'
import { expectSeen, type Seen } from './expect-seen.ts'
import { send } from './send.ts'

// An Express app driven over HTTP, configured by variables only, its spans read from the wire.
let files: CaseFiles
beforeAll(() => {
  files = writeCaseFiles()
})
afterAll(() => files.remove())

let agent: FakeAgent
let tracer: Tracer | undefined
let app: { readonly url: string; close(): Promise<void> } | undefined
beforeEach(async () => {
  agent = await startFakeAgent()
})
afterEach(async () => {
  await app?.close()
  await tracer?.stop()
  await agent.close()
})

async function ask(one: TracerCase): Promise<Seen> {
  const environment = {
    DD_TRACE_AGENT_URL: agent.url,
    DD_APPSEC_ENABLED: 'true',
    DD_APPSEC_RULES: files.rules,
    DD_REMOTE_CONFIGURATION_ENABLED: 'false',
    ...files.fill(one.environment, agent.port),
  }
  tracer = start({ logger: { warn: () => {} } }, { environment })
  app = await openApp(tracer)
  // The first request of an engine is kept and names it: not the one to look at.
  await (await fetch(`${app.url}/first`)).text()
  for (const path of one.before ?? []) await (await fetch(app.url + path)).text()
  const seen = 1 + (one.before?.length ?? 0)
  const response = await send(app.url, one)
  const reply = await response.text()
  await tracer.flush()
  const find = (): WireSpan | undefined => agent.spans.toSorted((one, other) => Number(one.start - other.start))[seen]
  return { response, reply, span: await eventually(find, { says: 'the span' }) }
}

test.each(cases)('$says', async (one) => {
  expectSeen(one, await ask(one))
})

test('every case ran', () => expect(cases.length).toBeGreaterThanOrEqual(280))
