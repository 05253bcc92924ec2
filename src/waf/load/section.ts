import { PortcullisError } from '../../model/error.ts'
import type { SectionDiagnostics } from '../../model/ruleset.ts'

/** Collects what becomes of one section's items while it is read. */
export class SectionLog {
  readonly #loaded: string[] = []
  readonly #failed: string[] = []
  readonly #skipped: string[] = []
  readonly #errors = new Map<string, string[]>()
  readonly #warnings = new Map<string, string[]>()
  #error: string | undefined

  loaded(id: string): void {
    this.#loaded.push(id)
  }

  skipped(id: string): void {
    this.#skipped.push(id)
  }

  failed(id: string, error: unknown): void {
    this.#failed.push(id)
    note(this.#errors, messageOf(error), id)
  }

  /** The item asks for something this engine does not know. */
  unknown(id: string, message: string): void {
    this.#failed.push(id)
    note(this.#warnings, message, id)
  }

  warn(id: string, message: string): void {
    note(this.#warnings, message, id)
  }

  /** The section as a whole cannot be read. */
  broken(message: string): void {
    this.#error = message
  }

  diagnostics(): SectionDiagnostics {
    return {
      loaded: [...this.#loaded],
      failed: [...this.#failed],
      skipped: [...this.#skipped],
      errors: Object.fromEntries(this.#errors),
      warnings: Object.fromEntries(this.#warnings),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    }
  }
}

/** The message of an error of ours; anything else is a fault of the engine and is thrown on. */
export function messageOf(error: unknown): string {
  if (error instanceof PortcullisError) return error.message
  if (typeof error === 'string') return error
  throw error
}

function note(messages: Map<string, string[]>, message: string, id: string): void {
  const ids = messages.get(message)
  if (ids === undefined) messages.set(message, [id])
  else if (!ids.includes(id)) ids.push(id)
}
