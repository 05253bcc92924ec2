/** Where a verb writes: standard output and standard error, a line at a time. */
export interface Io {
  out(text: string): void
  err(text: string): void
}

/** A verb of the command line: runs to its end and returns the exit code. */
export type Command = (args: string[], io: Io) => Promise<number>
