import { address, anyOf, attack, header, matches, monitor, oneLine, lineInputs, valueInputs } from './rule.ts'
import type { RuleSpec } from './rule.ts'

/** Files that no client has a business with. */
const files = anyOf(
  String.raw`etc/(?:passwd|shadow|group|gshadow|hosts|sudoers|crontab|issue|fstab|ssh/[\w.-]+|mysql/my\.cnf|nginx/nginx\.conf|apache2/apache2\.conf)`,
  String.raw`proc/(?:self|[0-9]+)/(?:environ|cmdline|maps|status|mem|fd/[0-9]+|root)`,
  String.raw`var/log/(?:auth\.log|syslog|messages|apache2?/[\w.]+|nginx/[\w.]+)`,
  String.raw`(?:root|home/[\w.-]+|~)/\.(?:ssh/[\w.]+|bash_history|aws/credentials|npmrc|netrc)`,
  String.raw`(?:boot|win|system)\.ini`,
  String.raw`windows/(?:system32/[\w./]+|win\.ini|system\.ini)`,
  String.raw`WEB-INF/(?:web\.xml|classes)`,
  String.raw`\.(?:git/(?:config|HEAD)|env|htpasswd|ssh/id_[a-z0-9]+|aws/credentials)`,
  String.raw`run/secrets/[\w./-]+`,
)

/** A path from its start, possibly with a scheme, climbing, or in front of it a directory; no words, no markup. */
const pathStart = String.raw`^\s*(?:file:(?://)?[\w.]*)?(?:[a-z]:)?[\w.%:@+~/-]{0,200}`

/** A share that Windows hides, of another machine or of its own; backslashes have become slashes. */
const hiddenShare = String.raw`^\s*//[\w.:-]+/(?:[a-z]|admin|ipc)\$/`

/** Files and addresses inside: traversal, inclusion, server-side requests, external entities. */
export const resourceRules: readonly RuleSpec[] = [
  monitor(
    'pcl-lfi-001',
    'Path traversal',
    attack('lfi'),
    [
      matches(
        [address.query, address.pathParams, address.fileNames],
        String.raw`^[\w.%:@+~/\\-]{0,200}?(?:^|[/\\])(?:\.{2,}[/\\]+){2,}`,
      ),
    ],
    ['url_decode_iis', 'remove_nulls'],
  ),
  monitor(
    'pcl-lfi-002',
    'Path traversal in the path',
    attack('lfi'),
    [matches([address.uri], String.raw`^[^?#]*(?:[/\\]\.\.){2,}(?:[/\\]|$)`)],
    ['url_decode_iis'],
  ),
  monitor(
    'pcl-lfi-003',
    'A file of the system asked for by its path',
    attack('lfi'),
    [
      matches(
        [...valueInputs, address.cookies],
        anyOf(`${pathStart}(?:^|/)${files}(?:\\s*$|[?#%,;|]|\\.\\w{1,5}$)`, hiddenShare),
      ),
    ],
    ['url_decode_iis', 'remove_nulls', 'normalize_path_win'],
  ),
  monitor('pcl-lfi-004', 'Path traversal in an encoding that only deceives', attack('lfi'), [
    matches([address.uri], '(?:%c0%a[ef]|%c1%9c|%e0%80%a[ef]|%25(?:25)*(?:2e|2f|5c)|%u(?:2215|2216|002e|002f))'),
  ]),
  monitor(
    'pcl-ssrf-001',
    'Server-side request to a cloud metadata service',
    attack('ssrf'),
    [
      matches(
        valueInputs,
        oneLine(
          String.raw`(?:^|[\s"'=(,@/])(?:https?:)?//(?:[^/\s@]*@)?${anyOf(
            String.raw`169\.254\.169\.254`,
            String.raw`169\.254\.170\.2`,
            String.raw`metadata\.(?:google\.internal|azure\.internal|tencentyun\.com)`,
            String.raw`100\.100\.100\.200`,
            String.raw`\[?fd00:ec2::254`,
            String.raw`\[?::ffff:a9fe:a9fe`,
            '2852039166',
            '0xa9fea9fe',
            String.raw`0251\.0376\.0251\.0376`,
            String.raw`instance-data(?:[:/]|$)`,
          )}(?:[:/?#\]]|$)`,
        ),
      ),
    ],
    ['url_decode'],
  ),
  monitor('pcl-ssrf-002', 'Server-side request by an unusual scheme or a disguised address', attack('ssrf'), [
    matches(
      valueInputs,
      anyOf(
        String.raw`^\s*(?:gopher|dict|ldaps?|netdoc|jar:https?)://`,
        String.raw`^\s*(?:sftp|tftp)://(?:localhost|[0-9.]+|\[|[^/\s]+:[0-9]+)(?:[:/]|$)`,
        String.raw`^\s*https?://(?:0x[0-9a-f]{8}|0[0-7]{10,11}|[1-9][0-9]{8,9})(?:[:/?#]|$)`,
        String.raw`^\s*https?://(?:0x[0-9a-f]{1,2}\.){3}0x[0-9a-f]{1,2}(?:[:/?#]|$)`,
        String.raw`^\s*https?://(?:127(?:\.[0-9]{1,3}){1,3}|0|\[::\]|\[0:0:0:0:0:0:0:[01]\])(?::(?:22|2375|2379|3306|5432|6379|9200|10250|11211|27017))(?:[/?#]|$)`,
        String.raw`^\s*https?://[^/\s]*\.(?:oastify\.com|burpcollaborator\.net|oast\.(?:fun|live|me|online|pro|site)|interact\.sh|localtest\.me|nip\.io)(?:[:/?#]|$)`,
      ),
    ),
  ]),
  monitor('pcl-xxe-001', 'XML external entity', attack('xxe'), [
    matches(
      valueInputs,
      anyOf(
        String.raw`<!ENTITY\s+(?:%\s*)?[\w.-]+\s+(?:SYSTEM|PUBLIC)\s+["']`,
        String.raw`<!DOCTYPE\s+[\w.:-]+\s+SYSTEM\s+["'](?:file|ftp|gopher|expect|php|jar|http://[0-9.]+)`,
        String.raw`<xi:include\s[^>]*href\s*=\s*["'](?:file|https?):`,
      ),
    ),
  ]),
  monitor(
    'pcl-http-001',
    'Response splitting: a header in a value',
    attack('http_protocol_violation'),
    [
      matches(
        [...lineInputs, address.uri],
        String.raw`[\r\n]+\s*(?:set-cookie|location|content-(?:type|length|security-policy)|transfer-encoding|x-xss-protection|access-control-[a-z-]+)\s*:`,
      ),
    ],
    ['url_decode'],
  ),
  monitor('pcl-http-002', 'Request smuggling: a transfer coding that hides', attack('http_protocol_violation'), [
    matches(
      [header('transfer-encoding')],
      String.raw`chunked[^,\s]|[^,\s]chunked|chunked\s*,|,\s*chunked\s*,|^\s*(?:identity|cow)|[\x00-\x08\x0b]`,
    ),
  ]),
  monitor('pcl-http-003', 'Address or credentials named as hop-by-hop', attack('http_protocol_violation'), [
    matches(
      [header('connection')],
      String.raw`(?:^|,)\s*(?:x-forwarded-[a-z]+|x-real-ip|forwarded|authorization|cookie)\s*(?:,|$)`,
    ),
  ]),
  monitor('pcl-http-004', 'Zero byte in the request line', attack('http_protocol_violation', '0'), [
    matches([address.uri], '%00'),
  ]),
]
