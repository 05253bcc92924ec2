import { tokenizeShell, type ShellToken } from './tokenize-shell.ts'

/** Occurrences of a parameter that are looked at in one command line; more come from padding. */
const maxOccurrences = 64

/**
 * Whether a parameter, somewhere in a command line, brought a command or redirection of its own: it spans several
 * tokens with one of those among them, or is the last token and one itself.
 */
export function detectShellInjection(commandLine: string, parameter: string): boolean {
  let at = commandLine.indexOf(parameter)
  if (at === -1 || parameter === '') return false
  const tokens = readLine(commandLine)
  for (let seen = 0; at !== -1 && seen < maxOccurrences; seen += 1) {
    if (bringsCommand(tokens, at, at + parameter.length)) return true
    at = commandLine.indexOf(parameter, at + 1)
  }
  return false
}

/** The command line read last: every parameter of a request is looked for in the same one. */
let last: { readonly commandLine: string; readonly tokens: readonly ShellToken[] } | undefined

function readLine(commandLine: string): readonly ShellToken[] {
  if (last?.commandLine !== commandLine) last = { commandLine, tokens: tokenizeShell(commandLine) }
  return last.tokens
}

function bringsCommand(tokens: readonly ShellToken[], start: number, end: number): boolean {
  const first = firstEndingAfter(tokens, start)
  const next = tokens[first + 1]
  if (next !== undefined && next.start >= end) return false
  for (let index = first; index < tokens.length; index += 1) {
    const token = tokens[index]
    // A token that begins where the parameter ends was made one by it: "b;" before a name makes that a command.
    if (token === undefined || token.start > end) return false
    if (token.kind !== 'other') return true
  }
  return false
}

function firstEndingAfter(tokens: readonly ShellToken[], start: number): number {
  let low = 0
  let high = tokens.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((tokens[middle]?.end ?? 0) > start) high = middle
    else low = middle + 1
  }
  return low
}
