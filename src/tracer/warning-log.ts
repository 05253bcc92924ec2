import type { PortcullisError } from '../model/error.ts'

/** Where warnings go. `code` is one of docs/errors.md. */
export interface WarningLogger {
  warn(message: string, details: { readonly code: string }): void
}

/** Longest warning that is written. */
const MAX_LENGTH = 1_000
/** Different warnings that are written; each is written once. */
const MAX_WARNINGS = 500

/** Says a problem once. Never throws. */
export type Warn = (problem: PortcullisError) => void

/**
 * Writes each warning once, on one line: what came from outside cannot start a line of its own or drive a terminal.
 * Without a `logger`, they are Node's process warnings, which go to the error output and can be listened to.
 */
export function warningLog(logger: WarningLogger | undefined): Warn {
  const said = new Set<string>()
  return ({ code, message }) => {
    const line = inert(message)
    const key = `${code} ${line}`
    if (said.has(key) || said.size >= MAX_WARNINGS) return
    said.add(key)
    try {
      if (logger === undefined) process.emitWarning(line, { type: 'PortcullisWarning', code })
      else logger.warn(line, { code })
    } catch {
      // A logger that fails must not take the request with it, and there is nowhere left to say so.
    }
  }
}

/** Text without control characters, on one line, cut to a length. */
function inert(text: string): string {
  const oneLine = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ')
  return oneLine.length > MAX_LENGTH ? `${oneLine.slice(0, MAX_LENGTH)}…` : oneLine
}
