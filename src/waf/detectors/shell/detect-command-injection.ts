import { isLetter, skipWhile } from '../skip.ts'
import { detectShellInjection } from './detect-shell-injection.ts'

interface ShellOptions {
  /** Whether the argument behind this option is a command line. */
  readonly isCommand: (option: string) => boolean
  /** Options that take the next argument. */
  readonly takesNext?: ReadonlySet<string>
  /** Whether more options may stand between the option and the command line. */
  readonly mayContinue: boolean
}

/** Letters behind one dash, a `c` among them, as in `-lc`. */
function isClusterWithC(option: string): boolean {
  return option.startsWith('-') && option.includes('c') && skipWhile(option, 1, isLetter) === option.length
}

const posix: ShellOptions = {
  isCommand: (option) => option === '--c' || isClusterWithC(option),
  takesNext: new Set(['-o', '-O', '+o', '+O', '--rcfile', '--init-file']),
  mayContinue: true,
}
const windows: ShellOptions = {
  isCommand: (option) => ['-command', '--command', '/command'].includes(option.toLowerCase()),
  mayContinue: false,
}
const fish: ShellOptions = {
  isCommand: (option) => option === '--command' || isClusterWithC(option),
  mayContinue: false,
}
const shells: ReadonlyMap<string, ShellOptions> = new Map([
  ...['sh', 'bash', 'ksh', 'rksh', 'zsh', 'dash', 'ash'].map((shell): [string, ShellOptions] => [shell, posix]),
  ['fish', fish],
  ['powershell', windows],
  ['pwsh', windows],
])

/**
 * Whether a parameter is the program that an argument list runs, named with a path, or brings a command of its own into
 * the command line that the list gives to a shell (`sh -c LINE`).
 */
export function detectCommandInjection(argv: readonly string[], parameter: string): boolean {
  const [program = ''] = argv
  const injected = parameter.trim()
  if (program.includes('/') && program.trim() === injected) return true
  const line = commandLineOf(argv)
  if (line === undefined) return false
  return line.trim() === parameter ? parameter.length > 1 : detectShellInjection(line, parameter)
}

/** The command line among the arguments of a shell; undefined when there is none. */
function commandLineOf([program = '', ...args]: readonly string[]): string | undefined {
  const shell = shells.get(program.trim().slice(program.trim().lastIndexOf('/') + 1))
  if (shell === undefined) return undefined
  for (let at = 0; at < args.length; at += 1) {
    const argument = args[at] ?? ''
    if (shell.isCommand(argument)) {
      const rest = args.slice(at + 1)
      return shell.mayContinue ? rest.find((one) => one !== '' && !/^[-+]/.test(one)) : rest[0]
    }
    // What is no option is the name of a script.
    if (!/^[-+/]/.test(argument)) return undefined
    if (shell.takesNext?.has(argument) === true) at += 1
  }
  return undefined
}

/** An argument list as text: the program, then every argument in double quotes. */
export function printArguments([program = '', ...args]: readonly string[]): string {
  return [program, ...args.map((argument) => `"${argument}"`)].join(' ')
}
