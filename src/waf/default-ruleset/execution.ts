import { address, anyOf, attack, matches, monitor, oneLine, lineInputs, valueInputs } from './rule.ts'
import type { RuleSpec } from './rule.ts'

/** Where a shell begins a further command. */
const separator = String.raw`(?:[;|&\x60]|\$\(|\|\||&&|^)\s*`

/** Commands with the arguments that show them to be meant. */
const commands = anyOf(
  String.raw`(?:/(?:usr/)?s?bin/)?(?:cat|head|tail|less|more|tac|nl|od|xxd|base64|strings)(?:\s+-[\w-]+)*\s+(?:/|\.\./|~/|[a-z]:\\)[\w./*?\\-]+`,
  String.raw`(?:curl|wget|fetch)(?:\s+-[\w-]+)*\s+(?:['"]?https?://|['"]?[0-9]{1,3}\.[0-9]{1,3}\.)`,
  String.raw`(?:nslookup|dig|host)\s+[\w.-]+\.[a-z]{2,}`,
  String.raw`ping6?\s+(?:-[a-z]\s*[0-9]*\s+)*(?:[\w-]+\.)+\w+\s*(?:$|[;|&#\x60)'"])`,
  String.raw`sleep\s+[0-9]+\s*(?:$|[;|&#\x60)])`,
  String.raw`(?:nc|ncat|netcat)(?:\s+-[a-z]+)+\s+(?:/bin/|[\w.-]+\s+[0-9]+)`,
  String.raw`(?:/bin/)?(?:ba|z|k|da)?sh\s+-[ci]\b`,
  String.raw`(?:python[23]?|perl|ruby|php|node)\s+-[cre]\s*['"]`,
  String.raw`(?:whoami|uname\s+-a|ifconfig|ipconfig|netstat\s+-[a-z]+)\s*(?:$|[;|&#\x60)])`,
  String.raw`getent\s+(?:hosts|passwd|group)\b`,
  String.raw`(?:chmod\s+(?:\+x|[0-7]{3,4})|rm\s+-[rf]{1,2}|touch)\s+[/.~*]`,
  String.raw`ls(?:\s+-\w+)*\s+(?:-\w+|[/.~][\w./-]*)\s*(?:$|[;|&#\x60)])`,
  String.raw`(?:powershell|pwsh)(?:\.exe)?\s+-[a-z]+`,
  String.raw`cmd(?:\.exe)?\s*/[ck]\s`,
  String.raw`(?:certutil|bitsadmin|mshta|regsvr32|rundll32)(?:\.exe)?\s+[-/\\\w]`,
)

/** A command after something else, or a value that is nothing but one with a separator before it. */
const injectedCommand = anyOf(
  String.raw`(?:[;|&]|\$\(|^[\w.:-]*\x60)\s*${commands}`,
  String.raw`^${separator}(?:/(?:usr/)?bin/(?:cat|id|ls|sh|bash|nc|curl|wget))(?:\s|$)`,
  String.raw`/dev/(?:tcp|udp)/[\w.-]+/[0-9]+`,
  String.raw`(?:^|[;|&\x60(\s])[a-z]{2,12}\$\{?IFS\b`,
  // Lists of columns hold an id behind a separator as well; there, words come before it.
  String.raw`(?:^(?:\w?|[^\s;|&]*[/)'"$0-9][^\s;|&]*)(?:;\|?|\|\|?|&&)|^(?:\w?|[^\s;|&?=]*[/)'"$0-9][^\s;|&?=]*)&|\s(?:;|&&)|\$\(|^\x60)\s*(?:/(?:usr/)?s?bin/)?id\s*(?:$|[;|&#\x60)'"\\])`,
  String.raw`^[\w'")]{0,16};\s*(?:system|shell_exec|passthru|proc_open|popen)\s*\(`,
  String.raw`\$\((?:printf|echo)\s[^)]*\|\s*(?:rev|(?:ba|z|da)?sh|xxd)\b`,
  // Wild cards that spell a path: /e?c/p*d
  String.raw`(?:^|[\s;|&+\x60(])/\w*\?[\w?*]*/\w*[?*][\w?*]*`,
)

const jndi = anyOf(
  String.raw`\$\{\s*jndi\s*:\s*(?:ldaps?|rmi|dns|iiop|corba|nds|nis|http)`,
  String.raw`\$\{[^\s}]{0,60}\$\{\s*(?:lower|upper|env|sys|date|java|main|k8s|web|bundle|base64|::?-|:)[^}]{0,60}\}`,
)

/** Code run where data was expected: shell, Java, PHP, JavaScript. */
export const executionRules: readonly RuleSpec[] = [
  monitor('pcl-cmdi-001', 'Command injection', attack('command_injection'), [
    matches([...valueInputs, address.cookies], oneLine(injectedCommand)),
  ]),
  monitor(
    'pcl-cmdi-002',
    'Command injection after a line break',
    attack('command_injection'),
    [matches(lineInputs, String.raw`^[\w.@:/'"-]{0,64}[\r\n]+\s*(?:${commands}|(?:/(?:usr/)?bin/)?id\s*$)`)],
    ['url_decode'],
  ),
  monitor('pcl-cmdi-003', 'Shellshock: a function definition in a header', attack('command_injection'), [
    matches([address.headers], String.raw`^\(\)\s*\{[^}]*;\s*\}\s*;`),
  ]),
  monitor(
    'pcl-java-001',
    'Log4Shell: a lookup in a logged value',
    attack('java_code_injection'),
    [
      matches(
        [address.headers, address.uri, address.cookies, ...valueInputs].map((input) => ({ ...input })),
        oneLine(jndi),
      ),
    ],
    ['url_decode', 'unicode_normalize'],
  ),
  monitor('pcl-java-002', 'Java serialised object, expression or class loader', attack('java_code_injection'), [
    matches(
      [...valueInputs, address.cookies, address.headers],
      oneLine(
        anyOf(
          '^rO0AB[XQ]',
          String.raw`java\.lang\.(?:Runtime|ProcessBuilder)\b[^\r\n]*(?:exec|start|getRuntime)`,
          String.raw`[%$]\{\s*\(?#(?:_memberAccess|context|a|dm|cmd|req)\b`,
          String.raw`#_memberAccess\b`,
          '@java\\.lang\\.Runtime@',
        ),
      ),
    ),
  ]),
  monitor(
    'pcl-java-003',
    'Java class loader reached by a parameter name',
    attack('java_code_injection'),
    [matches([address.query, address.body], String.raw`^class\.module\.classLoader\b`)],
    ['keys_only'],
  ),
  monitor(
    'pcl-php-001',
    'PHP stream or code in a value',
    attack('php_code_injection'),
    [
      matches(
        [...valueInputs, address.cookies, address.headers, address.fileNames],
        oneLine(
          anyOf(
            String.raw`(?:^|[=\s])(?:php://(?:input|filter)|(?:expect|phar|compress\.zlib)://[\w./-])`,
            String.raw`<\?(?:php\s|=)[^\r\n]*(?:eval|system|exec|passthru|assert|\$_(?:GET|POST|REQUEST|COOKIE)|phpinfo)`,
            String.raw`^data:[^,\s]{0,40};base64,PD9w`,
          ),
        ),
      ),
    ],
    ['url_decode'],
  ),
  monitor(
    'pcl-js-001',
    'Prototype pollution by a key',
    attack('js_code_injection'),
    [matches([address.query, address.body, address.cookies], '^__proto__$')],
    ['keys_only'],
  ),
  monitor(
    'pcl-js-002',
    'Prototype pollution in the query string',
    attack('js_code_injection'),
    [matches([address.uri], String.raw`[?&](?:[^=&]*[\[.])?(?:__proto__[\].\[]|constructor[\].\[]+prototype[\].\[])`)],
    ['url_decode'],
  ),
  monitor(
    'pcl-js-003',
    'JavaScript code that reaches for the process',
    attack('js_code_injection'),
    [
      matches(
        [...valueInputs, address.cookies],
        oneLine(
          anyOf(
            String.raw`require\s*\(\s*['"\x60](?:node:)?(?:child_process['"\x60]\s*\)\s*\.|net['"\x60]\s*\)\s*\.\s*(?:socket|connect|createConnection)\b)`,
            String.raw`process\s*\.\s*(?:mainModule|binding|dlopen)\b`,
            String.raw`(?:global|globalThis|this\.constructor\.constructor)\b[^\r\n]*process\s*\.\s*(?:mainModule|exit)`,
            String.raw`constructor\s*\.\s*constructor\s*\(\s*['"\x60]`,
            String.raw`_\$\$ND_FUNC\$\$_`,
          ),
        ),
      ),
    ],
    ['url_decode'],
  ),
]
