/**
 * Every error a user can see: its code, and a sentence that says what is wrong, where, and what to do.
 * Documented by code in docs/errors.md; a test holds the two lists together.
 */
export const errors = {
  CONFIG_INVALID: (name: string, got: string, accepted: string, used: string) =>
    `${name}=${got} is not accepted (${accepted}); using ${used}`,
  CONFIG_UNKNOWN: (name: string, near?: string) => `unknown setting "${name}"${didYouMean(near)}`,
  RULESET_UNREADABLE: (file: string, why: string) =>
    `the rules file ${file} cannot be read (${why}); the default ruleset is used`,
  RULESET_INVALID: (path: string, why: string) => `${path}: ${why}`,
  RULE_UNKNOWN_OPERATOR: (path: string, got: string, near?: string) =>
    `${path}: unknown operator "${got}"${didYouMean(near)}`,
  TRACER_NOT_STARTED: (call: string) => `${call} was called before start(); call start() once when the service starts`,
  TRACER_ALREADY_STARTED: () =>
    'start() was called again with options; the first start counts. Call it once, before portcullis() is mounted',
  MOUNTED_LATE: (before: readonly string[]) =>
    `portcullis() is mounted after ${before.slice(0, 10).join(', ')}; what runs before it is neither seen nor stopped. Mount it first`,
  LIST_ITEM_INVALID: (list: string, item: string) => `${list}: "${item}" cannot be read; it is left out`,
  TEMPLATE_UNREADABLE: (file: string, why: string) =>
    `the block page ${file} cannot be read (${why}); the default page is used`,
  BLOCK_FAILED: () =>
    'a request could not be blocked, since its response had been started; login calls belong before the answer',
  LOGIN_OUTSIDE_REQUEST: (call: string) =>
    `${call} was called outside a request; mount portcullis() first, and call it while the request is handled`,
  LOGIN_INVALID: (call: string, what: string) => `${call}: ${what}`,
  EXPORT_FAILED: (url: string, why: string) => `spans could not be sent to ${url} (${why}); they are kept and retried`,
  SPANS_DROPPED: (count: number, why: string) => `${count} spans were dropped (${why})`,
  REMOTE_CONFIG_FAILED: (why: string) =>
    `remote configuration could not be fetched (${why}); the last good one stays in force`,
  PAYLOAD_INVALID: (what: string, where: string) => `${what} at ${where}`,
  PAYLOAD_TOO_LARGE: (maxBytes: number) => `the body is larger than ${maxBytes} bytes; send smaller batches`,
  DATA_DIR_UNUSABLE: (dir: string, why: string) =>
    `${dir} cannot hold the data (${why}); let this process write there, or name another directory with --data`,
  STORE_LOCKED: (dir: string, pid: number) =>
    `${dir} is in use by process ${pid}; stop it, or start with another --data directory`,
  STORE_CORRUPT: (file: string, why: string) =>
    `${file} cannot be opened (${why}); nothing was changed. Restore a backup, or move the file away to start empty`,
  STORE_NEWER: (file: string, found: number, known: number) =>
    `${file} was written by a newer version (format ${found}, this one knows ${known}); nothing was changed. Upgrade portcullis`,
  BACKUP_FAILED: (target: string, why: string) =>
    `${target} does not hold a whole backup (${why}); try again with a new directory`,
  RESTORE_FAILED: (dir: string, why: string) => `nothing was restored to ${dir} (${why})`,
  STATE_FENCED: () => 'another collector leads detection now; this one stopped writing',
  STORE_FULL: (why: string) => `the store cannot take more at the moment (${why}); try again later`,
  TLS_UNREADABLE: (setting: string, file: string, why: string) =>
    file === ''
      ? `${setting} is not set; a listener with TLS needs TLS_CERTIFICATE and TLS_KEY, both as PEM files`
      : `${setting}=${file} cannot be used (${why}); name a PEM file`,
  PORT_IN_USE: (host: string, port: number, setting: string) =>
    `${host}:${port} is in use; stop what listens there, or choose another port with ${setting}`,
  LISTEN_FAILED: (setting: string, why: string) => `${setting}: it cannot be listened there (${why})`,
  DRIVER_MISSING: (name: string) => `${name} is not installed; run: npm install ${name}`,
  QUERY_SYNTAX: (what: string) => what,
  QUERY_UNKNOWN_FIELD: (field: string, near?: string) => `unknown field "${field}"${didYouMean(near)}`,
  QUERY_TOO_SLOW: (seconds: number) =>
    `the query took longer than ${seconds} s and was stopped; narrow its time range or its terms`,
  DETECTION_RULE_INVALID: (path: string, why: string) => `${path}: ${why}`,
  WAF_RULE_INVALID: (path: string, why: string) => `${path}: ${why}`,
  WAF_RULE_UNMEASURED: (inputs: string) =>
    `the rule is for all requests, and those are recorded without ${inputs}: nobody can tell whom it would stop. Limit it to \`routes\`, leave these conditions out, or let it run in \`monitoring\``,
  REQUEST_INVALID: (path: string, why: string) => `${path}: ${why}`,
  OUTBOUND_REFUSED: (url: string, why: string) => `${url} is not called (${why})`,
  WEBHOOK_INVALID: (why: string) => `the webhook is not trusted: ${why}`,
  NOT_FOUND: (what: string) => `${what} does not exist`,
  CONFLICT: (why: string) => why,
  RATE_LIMITED: (seconds: number) => `too many attempts; try again in ${seconds} s`,
  CSRF_MISSING: () => 'a call with a session cookie that changes something needs the header X-Portcullis-CSRF',
  STARTING: () => 'the collector is starting; it answers as soon as its stores are read',
  DISK_FULL: (why: string) => `the disk is full (${why}); make room, or lower RETENTION_DAYS or DISK_BUDGET_GB`,
  COLLECTOR_NOT_RUNNING: (dir: string) =>
    `no collector runs on ${dir}; start it with "portcullis collector", or name its directory with --data`,
  UNAUTHORIZED: () => 'credentials are missing or not valid; send Authorization: Bearer <token>',
  FORBIDDEN: (why: string) => why,
  INTERNAL: () => 'something went wrong in the collector; its log has the details',
} as const

export type ErrorCode = keyof typeof errors

function didYouMean(near: string | undefined): string {
  return near === undefined ? '' : `; did you mean "${near}"?`
}

/** An error with a code of the table above. `help` adds what the caller can do beyond the message. */
export class PortcullisError extends Error {
  override readonly name = 'PortcullisError'
  readonly code: ErrorCode
  readonly help: string | undefined

  constructor(code: ErrorCode, message: string, help?: string) {
    super(message)
    this.code = code
    this.help = help
  }
}

/** Builds the error of `code` from the table: `fail('STORE_LOCKED', dir, pid)`. */
export function fail<C extends ErrorCode>(code: C, ...parameters: Parameters<(typeof errors)[C]>): PortcullisError {
  const message = (errors[code] as (...all: unknown[]) => string)(...parameters)
  return new PortcullisError(code, message)
}
