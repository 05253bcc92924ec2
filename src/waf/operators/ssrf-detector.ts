import { PrefixSet } from '../../net/prefix-set.ts'
import { optionalArray, optionalBoolean, optionalObject, asStrings } from '../cast.ts'
import type { Json } from '../cast.ts'
import { detectUrlInjection, forbiddenByPolicy } from '../detectors/url/detect-url-injection.ts'
import type { UrlInspection, UrlPolicy } from '../detectors/url/detect-url-injection.ts'
import type { CompileScope, ExploitOperator } from '../operator.ts'

/** What no request of a service should go to unless a rule says otherwise: metadata services, itself, its network. */
const defaultPolicy = {
  schemes: ['https', 'http', 'ftps', 'ftp'],
  domains: [
    'metadata.google',
    'burpcollaborator.net',
    '.local',
    '.internal',
    'ram.aliyuncs.com',
    'ifconfig.pro',
    'localhost',
    'localtest.me',
  ],
  addresses: [
    '169.254.0.0/16',
    '127.0.0.1',
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '::1',
    'fc00::/7',
    'fe80::/10',
    '2001:db8:1234:1a00::/56',
  ],
} as const

/**
 * `ssrf_detector`: a parameter chose more of a requested URL than it was given room for, or names what the policy
 * forbids. Options say which parts of the URL are looked at; `enforce-policy-without-injection` holds every URL to the
 * policy, whoever chose it. Source: spec/waf-rules.md 2.3.
 */
export const ssrfDetector: ExploitOperator<'ssrf_detector'> = {
  kind: 'exploit',
  name: 'ssrf_detector',
  version: 3,
  minParameterBytes: 4,
  compile(parameters, scope) {
    const flag = readFlags(parameters, scope.path)
    const inspection: UrlInspection = {
      authority: flag('authority-inspection') ?? true,
      path: flag('path-inspection') ?? false,
      query: flag('query-inspection') ?? false,
      forbidFullUrl: flag('forbid-full-url-injection') ?? false,
    }
    const policy = readPolicy(parameters, scope)
    return (resource, parameter) =>
      typeof resource === 'string' && detectUrlInjection(resource, parameter, inspection, policy)
        ? { highlight: [parameter] }
        : undefined
  },
  compileJudge(parameters, scope) {
    if (readFlags(parameters, scope.path)('enforce-policy-without-injection') !== true) return undefined
    const policy = readPolicy(parameters, scope)
    return (resource) => {
      const forbidden = typeof resource === 'string' ? forbiddenByPolicy(resource, policy) : undefined
      return forbidden === undefined ? undefined : { highlight: [forbidden] }
    }
  },
}

function readFlags(parameters: Json, path: string): (name: string) => boolean | undefined {
  const options = optionalObject(parameters['options'], `${path}.options`) ?? {}
  return (name) => optionalBoolean(options[name], `${path}.options.${name}`)
}

function readPolicy(parameters: Json, scope: CompileScope): UrlPolicy {
  const path = `${scope.path}.policy`
  const given = optionalObject(parameters['policy'], path) ?? {}
  const strings = (name: string, otherwise: readonly string[]): readonly string[] =>
    given[name] === undefined ? otherwise : asStrings(optionalArray(given[name], `${path}.${name}`), `${path}.${name}`)
  const addresses = PrefixSet.from(strings('forbidden-ips', defaultPolicy.addresses), (item) =>
    scope.warn(`policy.forbidden-ips: "${item}" is neither an address nor a CIDR block; it is left out`),
  )
  return {
    allowedSchemes: new Set(strings('allowed-schemes', defaultPolicy.schemes)),
    forbiddenDomains: strings('forbidden-domains', defaultPolicy.domains).map((domain) => domain.toLowerCase()),
    isForbiddenAddress: (host) => addresses.has(host),
  }
}
