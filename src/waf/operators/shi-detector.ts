import { detectShellInjection } from '../detectors/shell/detect-shell-injection.ts'
import type { ExploitOperator } from '../operator.ts'

/**
 * `shi_detector`: a parameter brought a command or redirection of its own into a command line. A line given as a list
 * is joined with spaces. Source: spec/waf-rules.md 2.3.
 */
export const shiDetector: ExploitOperator<'shi_detector'> = {
  kind: 'exploit',
  name: 'shi_detector',
  version: 1,
  minParameterBytes: 2,
  compile: () => (resource, parameter) => {
    const line = lineOf(resource)
    if (line === undefined || !detectShellInjection(line, parameter)) return undefined
    return { highlight: [parameter], resource: line }
  },
}

function lineOf(resource: unknown): string | undefined {
  if (Array.isArray(resource)) return resource.filter((part) => typeof part === 'string').join(' ')
  return typeof resource === 'string' ? resource : undefined
}
