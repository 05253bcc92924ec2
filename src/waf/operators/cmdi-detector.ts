import { detectCommandInjection, printArguments } from '../detectors/shell/detect-command-injection.ts'
import type { ExploitOperator } from '../operator.ts'

/**
 * `cmdi_detector`: a parameter is the program (named with a path) of an argument list, or brought a command of its own
 * into the line that the list gives to a shell. The resource is a list. Source: spec/waf-rules.md 2.3.
 */
export const cmdiDetector: ExploitOperator<'cmdi_detector'> = {
  kind: 'exploit',
  name: 'cmdi_detector',
  version: 1,
  minParameterBytes: 1,
  compile: () => (resource, parameter) => {
    if (!Array.isArray(resource)) return undefined
    const argv = resource.filter((part) => typeof part === 'string')
    if (!detectCommandInjection(argv, parameter)) return undefined
    const shown = parameter.trim()
    return { highlight: [shown], parameter: shown, resource: printArguments(argv) }
  },
}
