import { automaticLoginCases } from './cases/automatic-login.ts'
import { blockingCases } from './cases/blocking.ts'
import { clientIpCases } from './cases/client-ip.ts'
import { headerCases } from './cases/headers.ts'
import { loginCases } from './cases/login.ts'
import { spanCases } from './cases/span.ts'
import { stageCases } from './cases/stages.ts'
import type { TracerCase } from './cases/tracer-case.ts'
import { variableCases } from './cases/variables.ts'

/** Requests to the app of app.ts, and what is seen of each at the agent. Facts of spec/tracer.md part 2. */
export const cases: readonly TracerCase[] = [
  ...spanCases,
  ...stageCases,
  ...blockingCases,
  ...clientIpCases,
  ...headerCases,
  ...loginCases,
  ...automaticLoginCases,
  ...variableCases,
]
