import { detectPathInjection } from '../detectors/path/detect-path-injection.ts'
import type { ExploitOperator } from '../operator.ts'

const style = process.platform === 'win32' ? 'windows' : 'posix'

/**
 * `lfi_detector`: a parameter chose the file that is opened: the whole absolute path, or an end of it that climbs.
 * Paths are read as the service's own system reads them. Source: spec/waf-rules.md 2.3.
 */
export const lfiDetector: ExploitOperator<'lfi_detector'> = {
  kind: 'exploit',
  name: 'lfi_detector',
  version: 2,
  minParameterBytes: style === 'windows' ? 2 : 5,
  compile: () => (resource, parameter) =>
    typeof resource === 'string' && detectPathInjection(resource, parameter, style)
      ? { highlight: [parameter] }
      : undefined,
}
