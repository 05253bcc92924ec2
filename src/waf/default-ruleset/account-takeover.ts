import { address, anyOf, header, matches, monitor } from './rule.ts'
import type { ConditionSpec, Confidence, Input, RuleSpec } from './rule.ts'

/** Segments of paths that take credentials. Token endpoints are left out: programs call them in good faith. */
const loginSegment = anyOf(
  'log[-_]?in',
  'log[-_]?on',
  'sign[-_]?in',
  'authenticate',
  'sessions?',
  'password[-_]?reset',
  'reset[-_]?password',
  'forgot[-_]?password',
  'sign[-_]?up',
  'register',
)

/** A POST to a route that takes credentials. */
const loginRequest: readonly ConditionSpec[] = [
  matches([address.method], '^POST$'),
  matches([address.uri], `^[^?#]*/(?:[\\w-]{1,40}[-_.])?${loginSegment}(?:\\.\\w{1,5})?/?(?:[?#]|$)`),
]

const userAgent = header('user-agent')

/** Programs and libraries of scripts. Those that apps ship with (okhttp, Dart, CFNetwork, axios) are not among them. */
const scripts = anyOf(
  'python-requests',
  'python-urllib',
  'python-httpx',
  'python/[0-9.]+ aiohttp',
  'aiohttp/',
  'curl/',
  'wget/',
  'httpie/',
  'go-http-client',
  'libwww-perl',
  'lwp-',
  'www-mechanize',
  'mechanize',
  'scrapy/',
  'colly ',
  'typhoeus',
  'guzzlehttp/',
  'windowspowershell/',
  'powershell/',
  'k6/',
  'locust',
  'apache-?jmeter',
  'artillery',
  'postmanruntime/',
)

const headless = anyOf(
  'headlesschrome',
  'phantomjs',
  'slimerjs',
  'puppeteer',
  'playwright',
  'selenium',
  'webdriver',
  'splash(?:/| [0-9])',
  'zombie\\.js',
)

/** Browsers of the last years, which all send what the rules below miss. */
const browser = String.raw`^Mozilla/5\.0 \(.*(?:Chrome/(?:[89][0-9]|1[0-9]{2})\.|Firefox/(?:[89][0-9]|1[0-9]{2})\.|Version/1[4-9]\.[0-9.]+ (?:Mobile/\w+ )?Safari/)`

function isGiven(input: Input): ConditionSpec {
  return { operator: 'exists', parameters: { inputs: [input] } }
}
function isMissing(input: Input): ConditionSpec {
  return { operator: '!exists', parameters: { inputs: [input] } }
}
function doesNotMatch(input: Input, regex: string): ConditionSpec {
  return { operator: '!match_regex', parameters: { inputs: [input], regex } }
}
function takeover(type: string, confidence: Confidence) {
  return { type, category: 'account_takeover', confidence } as const
}

/**
 * Who knocks at the doors that take credentials. What a client seldom is comes first in each rule: conditions are asked
 * in their order, and on a login route the last two hold for everybody.
 */
export const accountTakeoverRules: readonly RuleSpec[] = [
  monitor('pcl-ato-001', 'Script on a login route', takeover('login_automation', '1'), [
    matches([userAgent], `^${scripts}`),
    ...loginRequest,
  ]),
  monitor('pcl-ato-002', 'Headless browser on a login route', takeover('login_automation', '1'), [
    matches([userAgent, header('sec-ch-ua')], headless),
    ...loginRequest,
  ]),
  monitor('pcl-ato-003', 'No user agent on a login route', takeover('login_automation', '0'), [
    isMissing(userAgent),
    ...loginRequest,
  ]),
  monitor(
    'pcl-ato-004',
    'A browser by name that sends neither languages nor an origin',
    takeover('impossible_headers', '1'),
    [isMissing(header('accept-language')), isMissing(header('origin')), matches([userAgent], browser), ...loginRequest],
  ),
  monitor('pcl-ato-005', 'Client hints of Chromium from a browser that is none', takeover('impossible_headers', '1'), [
    isGiven(header('sec-ch-ua')),
    matches([userAgent], String.raw`^Mozilla/5\.0 .*(?:Firefox/[0-9]|Version/[0-9.]+ (?:Mobile/\w+ )?Safari/)`),
    doesNotMatch(userAgent, 'chrom|crios|edg|opr/|samsungbrowser|android'),
    ...loginRequest,
  ]),
  monitor('pcl-ato-006', 'Client hints of Windows from another system', takeover('impossible_headers', '1'), [
    matches([header('sec-ch-ua-platform')], '^"?Windows"?$'),
    doesNotMatch(userAgent, 'windows'),
    ...loginRequest,
  ]),
  monitor('pcl-ato-007', 'A phone by its client hints, a desktop by its name', takeover('impossible_headers', '0'), [
    matches([header('sec-ch-ua-mobile')], String.raw`^\?1$`),
    matches([userAgent], String.raw`\(Windows NT [0-9.]+; Win64`),
    ...loginRequest,
  ]),
]
