export { PortcullisError, type ErrorCode } from './model/error.ts'
