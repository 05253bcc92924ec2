export {
  expectBlocked,
  expectEvent,
  expectLoginFailure,
  expectLoginSuccess,
  expectNoLogin,
  fakeClock,
  startTestTracer,
  type ExpectedLogin,
  type FakeClock,
  type TestTracer,
} from './tracer/testing.ts'
export type { Clock } from './model/clock.ts'
export type { Span } from './model/span.ts'
