import { address, anyOf, attack, header, matches, monitor } from './rule.ts'
import type { RuleSpec } from './rule.ts'

const userAgent = header('user-agent')

/** Programs that break in, by the name they go by unless told otherwise. */
const attackTools = anyOf(
  'sqlmap',
  'havij',
  'commix',
  'xsstrike',
  'dalfox',
  'tplmap',
  'jsql[ -]injection',
  'bbqsql',
  'ysoserial',
  'log4j-scan',
  'metasploit',
  String.raw`\(hydra[/ )]`,
  'patator',
  'crackmapexec',
  'wfuzz',
  'ffuf',
  'fuzz faster u fool',
  'gobuster',
  'dirbuster',
  'dirsearch',
  'feroxbuster',
  'brutespray',
  'fimap',
  'sqlninja',
  'sqlsus',
  'bsqlbf',
  'xsser',
  'struts-pwn',
  'crlfuzz',
  'mysqloit',
  'jbrofuzz',
)

/** Programs and services that look for weaknesses, run by owners and by others. */
const scanners = anyOf(
  'nikto',
  'nuclei',
  'wpscan',
  'joomscan',
  'droopescan',
  'whatweb',
  'w3af',
  'skipfish',
  'arachni',
  'acunetix',
  'netsparker',
  'invicti',
  'nessus',
  'openvas',
  'greenbone',
  'qualysguard',
  'qualys was',
  'appscan',
  'webinspect',
  'burpcollaborator',
  'oastify',
  'nmap scripting engine',
  'masscan',
  'zgrab',
  'jaeles',
  'testssl',
  'sslyze',
  'detectify',
  'l9explore',
  'l9tcpid',
  'zmeu',
  'morfeus',
  'jorgee',
  'internet-measurement',
  'censysinspect',
  'grendel-scan',
  'webshag',
  'fhscan',
  'n-stealth',
  'datacha0s',
  'toata dragostea',
  'springenwerk',
  'hakrawler',
  'gospider',
  'kiterunner',
  'leakix',
)

/** Programs whose purpose is to try stolen credentials. */
const credentialTools = anyOf(
  'openbullet',
  'silverbullet',
  'blackbullet',
  'sentry ?mba',
  'snipr',
  'storm cracker',
  'woxy',
  'vertex cracker',
)

/** Paths of other technologies, secrets and consoles that are asked for by those who try every door. */
const probedPaths = anyOf(
  String.raw`/\.(?:env|git|svn|hg|aws|ssh|docker|kube|vscode)(?:[./?]|$)`,
  String.raw`/\.(?:htpasswd|npmrc|netrc|bash_history|DS_Store)(?:[?]|$)`,
  String.raw`/(?:wp-login|wp-config|xmlrpc|phpinfo|adminer|eval-stdin|shell|alfa|c99|r57)\.php`,
  String.raw`/(?:wp-admin|wp-includes|phpmyadmin|pma|cgi-bin|_ignition|HNAP1|boaform|GponForm|solr/admin)(?:[/?]|$)`,
  String.raw`/(?:actuator/(?:env|heapdump|gateway|shutdown)|jolokia|druid/index\.html|manager/html|server-status)(?:[/?]|$)`,
  String.raw`\.(?:sql|bak|old|swp|pem|key|kdbx|tar\.gz|sqlite3?)(?:[?]|$)`,
)

export const toolRules: readonly RuleSpec[] = [
  monitor('pcl-tool-001', 'Attack tool by its user agent', attack('attack_tool'), [
    matches([userAgent], `(?:^|[^a-z])${attackTools}`),
  ]),
  monitor('pcl-tool-002', 'Vulnerability scanner by its user agent', attack('security_scanner'), [
    matches([userAgent], `(?:^|[^a-z])${scanners}`),
  ]),
  monitor(
    'pcl-tool-003',
    'Credential-stuffing tool by its user agent',
    { type: 'credential_tool', category: 'account_takeover', confidence: '1' },
    [matches([userAgent], `(?:^|[^a-z])${credentialTools}`)],
  ),
  monitor(
    'pcl-tool-004',
    'Probe for a file or console that is not here',
    attack('security_scanner', '0'),
    [matches([address.uri], `^[^?#]*${probedPaths}`), matches([address.status], '^40[134]$')],
    ['url_path'],
  ),
]
