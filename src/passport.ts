export { wrapPassport, wrapStrategy, wrapVerify, type PassportOptions } from './tracer/passport.ts'
export type { VerifyOptions } from './tracer/login/observe-verify.ts'
