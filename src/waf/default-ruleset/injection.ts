import { address, anyOf, attack, matches, monitor, oneLine, lineInputs, valueInputs } from './rule.ts'
import type { ConditionSpec, Input, RuleSpec } from './rule.ts'

function detects(operator: string, inputs: readonly Input[]): ConditionSpec {
  return { operator, parameters: { inputs } }
}

/** Calls that make a database wait, read files or run programs. */
const sqlFunctions = anyOf(
  // In code too one waits: what comes before tells.
  String.raw`^\s*(?:pg_)?sleep\s*\(\s*[0-9.]+\s*\)\s*(?:$|[#;)*/+-])`,
  String.raw`(?:['"(),=+*/|;!-]|\b(?:and|or|xor|not|select|where|having|by|then|else|if)\b|\*/)\s*\(*(?:pg_)?sleep\s*\(\s*[0-9.]+\s*\)`,
  String.raw`\bbenchmark\s*\(\s*[0-9]+\s*,`,
  String.raw`\bwaitfor\s+delay\s+['"][0-9:.]+['"]`,
  String.raw`\bdbms_(?:pipe\.receive_message|lock\.sleep)\s*\(`,
  String.raw`\b(?:extractvalue|updatexml)\s*\(\s*[^,()]+,\s*concat\s*\(`,
  String.raw`\bxp_(?:cmdshell|dirtree|regread)\b`,
  String.raw`\bload_file\s*\(\s*(?:0x[0-9a-f]+|['"]|char\s*\()`,
  String.raw`\binto\s+(?:out|dump)file\s+['"]`,
)

/** White space of SQL, as it is also written to slip past a filter. */
const gap = String.raw`(?:\s|\+|/\*[^*]*\*/)+`
/** The end of a quoted text or of a bracket, as an injection closes what it stands in. */
const closing = String.raw`['"\)]\)*`
const comparison = String.raw`\s*(?:=|<|>|\blike\b)\s*`

/** A query continued, ended or made always true from inside a text. */
const sqlShapes = anyOf(
  String.raw`\bunion${gap}(?:all${gap}|distinct${gap})?select${gap}(?:null|-?[0-9@'"(*]|[a-z_]+\s*[,(]|char|concat|version|user|database)`,
  String.raw`${closing}(?:${gap})?union${gap}(?:all${gap}|distinct${gap})?\(?select\b`,
  String.raw`/\*![0-9]{0,5}\s*(?:union|select)\b`,
  String.raw`${closing}${gap}(?:or|and)${gap}(?:not${gap})?\(*(?:'[^']*'${comparison}'|"[^"]*"${comparison}"|[0-9]+${comparison}[0-9]+|true\b|exists\s*\()`,
  String.raw`(?:${closing}|^[0-9]+)${gap}(?:or|and)${gap}[^\r\n]*\(\s*select${gap}`,
  String.raw`${closing}\s*(?:or|and)\s*['"(]*[0-9.]+['"′]?\s*=\s*['"′]?[0-9.]+`,
  String.raw`${closing}${gap}(?:or|and)${gap}\w+\s*(?:=|\blike\b)\s*(?:'[^'\r\n]{0,32}$|\w+\s*(?:--|#|/\*))`,
  String.raw`${closing}${gap}(?:or|and)${gap}(?:substr(?:ing)?|ascii|ord|mid|length|char_length)\s*\(`,
  String.raw`^\s*\)*\s*(?:or|and)\s+[0-9]+\s*=\s*[0-9]+\s*(?:--|#|/\*|$)`,
  String.raw`^\s*-?[0-9]+\)*${gap}(?:or|and)${gap}[0-9]+\s*[=<>]\s*[0-9]+`,
  String.raw`^[\w.@+-]*${closing}${gap}(?:order${gap}by${gap}[0-9]+|having${gap}[0-9]+\s*=|group${gap}by${gap}[\w.]+)[^\r\n]*(?:--|#|/\*)`,
  String.raw`^[\w.@+-]{0,64}'\s*(?:--|#|/\*)\s*\w?$`,
  String.raw`^[\w.@+-]{0,64}"\s*(?:--|/\*)\s*\w?$`,
  String.raw`${closing}\s*;\s*(?:drop|truncate|alter)${gap}(?:table|database|user)\b`,
  String.raw`${closing}\s*;\s*(?:insert${gap}into|delete${gap}from|update${gap}\w+${gap}set|exec(?:ute)?${gap}\w|declare${gap}@)`,
  String.raw`^\s*[\w.)-]*\s*;\s*(?:drop|truncate)${gap}(?:table|database)${gap}[\w."\x60]+\s*(?:;|$)`,
  String.raw`^(?:\s*-?[0-9]+\b|[\w.@+-]{0,64}${closing}|\s*\(\s*select\b)[^\r\n]*\bfrom${gap}(?:information_schema\.|sqlite_master\b|pg_catalog\.|sys\.(?:objects|tables|user))`,
)

/** `javascript` and its kin, with the white space that browsers ignore inside. */
const scriptScheme = anyOf(...['javascript', 'vbscript'].map((scheme) => Array.from(scheme).join(String.raw`\s*`)))

/** What follows a script scheme, but for the `void(0)` and `;` of links that do nothing. */
const notVoid = String.raw`\s*(?:[^\sv;"'>]|v(?:[^o]|o[^i]|oi[^d]|oid[^\s(]|oid\s*\(\s*[^0\s]))`

/** SQL injection, cross-site scripting, and their relatives in other query and template languages. */
export const injectionRules: readonly RuleSpec[] = [
  monitor('pcl-sqli-001', 'SQL injection', attack('sql_injection'), [detects('is_sqli', lineInputs)]),
  monitor(
    'pcl-sqli-002',
    'SQL injection: a query continued from inside a text',
    attack('sql_injection'),
    [matches([...valueInputs, address.cookies], oneLine(sqlShapes))],
    ['url_decode'],
  ),
  monitor('pcl-sqli-003', 'SQL injection: a database made to wait, read or run', attack('sql_injection'), [
    matches([...valueInputs, address.cookies, address.headers], oneLine(sqlFunctions)),
  ]),
  monitor('pcl-xss-001', 'Cross-site scripting', attack('xss'), [detects('is_xss', lineInputs)]),
  monitor(
    'pcl-xss-002',
    'Cross-site scripting: script, event handler or script URL',
    attack('xss'),
    [
      matches(
        [...valueInputs, address.cookies],
        oneLine(
          anyOf(
            String.raw`<script(?:[\s/\\][^>]*)?>[^<]*(?:alert|confirm|prompt|eval|fetch|document\.|location|String\.fromCharCode)`,
            String.raw`<script[\s/][^>]*src\s*=`,
            String.raw`</script\s*>\s*<script`,
            // A brace is what components of a page have there, in code that people post.
            String.raw`<[a-z][\w:-]*(?:[\s/"'](?:"[^"]*"|'[^']*'|[^>])*)?[\s/"']on[a-z]{3,24}\s*=\s*[^{\s]`,
            String.raw`<[a-z][^>]*[\s/"'](?:href|src|action|formaction|data|xlink:href|background|content|values|to)\s*=\s*["']?(?:\\x[0-9a-f]{2}|[^\w"'<>])*${scriptScheme}\s*:${notVoid}`,
            String.raw`^\s*\w*\\?['"]\s*[-;+*)]+\s*(?:alert|confirm|prompt|eval)\s*[(\x60]`,
            String.raw`^\s*\}\s*(?:alert|confirm|prompt)\s*[(\x60]`,
            String.raw`^\s*\w*\\?['"]\s*[-;+*)}\]]+[^\r\n]*\b(?:alert|confirm|prompt|eval)\s*[(\x60][^\r\n]*//\s*$`,
            String.raw`^\s*['"](?:[^<>]*[\s'"/])?on(?:error|load|(?:aux|dbl)?click|wheel|scroll|drag[a-z]*|drop|copy|cut|paste|mouse[a-z]+|focus[a-z]*|blur|key[a-z]+|pointer[a-z]+|touch[a-z]+|animation[a-z]+|transition[a-z]+|toggle)\s*=`,
            String.raw`(?:^|[^\w.])eval\s*\(\s*(?:atob|unescape|String\.fromCharCode)\s*\(`,
            String.raw`(?:^|["'=(])\s*(?:javascript|vbscript)\s*:[^a-z]*(?:[a-uw-z][a-z.]*|v(?:[a-np-z][a-z.]*)?)?[\[(]`,
            String.raw`^data:text/html[;,]`,
          ),
        ),
      ),
    ],
    ['url_decode', 'html_entity_decode', 'remove_nulls'],
  ),
  monitor(
    'pcl-nosql-001',
    'NoSQL injection: an operator in place of a credential',
    attack('nosql_injection'),
    [
      matches(
        [address.body, address.query].flatMap((input) =>
          ['username', 'user', 'login', 'email', 'password', 'pass', 'token', 'otp', 'code'].map((key) => ({
            ...input,
            key_path: [key],
          })),
        ),
        String.raw`^\$(?:ne|eq|gte?|lte?|n?in|regex|exists|not|where|or)$`,
      ),
    ],
    ['keys_only'],
  ),
  monitor(
    'pcl-nosql-002',
    'NoSQL injection: code in a query',
    attack('nosql_injection'),
    [matches([address.body, address.query], String.raw`^\$(?:where|function|accumulator|expr)$`)],
    ['keys_only'],
  ),
  monitor('pcl-nosql-003', 'NoSQL injection: a condition made always true', attack('nosql_injection'), [
    matches(
      valueInputs,
      oneLine(
        anyOf(
          String.raw`['"]\s*\|\|\s*(?:'[^']*'\s*===?\s*'|"[^"]*"\s*===?\s*"|[0-9]+\s*===?\s*[0-9]+|true\b)`,
          String.raw`['"]\s*;\s*return\s+(?:true|[0-9'"])`,
          String.raw`^\s*\{\s*"?\$(?:ne|gt|regex|where)"?\s*:`,
          String.raw`['"]\s*,\s*['"]?\$(?:or|and|nor|where|ne|gt|regex)['"]?\s*:`,
          String.raw`^[^{]{0,40},?\s*\$(?:where|comment)\s*:\s*['"]`,
          String.raw`^\s*\[\$(?:ne|gte?|lte?|regex|n?in|exists)\]\s*=`,
          String.raw`^\w{0,16}['"]\s*(?:(?:&&|\|\|)\s*this\.\w|;\s*(?:do\s*\{|while\s*\(|it\s*=\s*new\s))`,
          String.raw`\bdb\.\w+\.(?:insert|drop|remove|mapReduce)\s*\([^\r\n]*;\s*return\b`,
        ),
      ),
    ),
  ]),
  monitor('pcl-ssti-001', 'Template injection', attack('template_injection'), [
    matches(
      valueInputs,
      oneLine(
        anyOf(
          String.raw`(?:\{\{|[$#*@]\{|<%=?)\s*['"]?[0-9]{1,10}['"]?\s*\*\s*['"]?[0-9]{1,10}['"]?\s*(?:\}|%>)`,
          String.raw`(?:\{\{|\{%|[$#*]\{|<%)[^\r\n]*(?:__(?:class|mro|globals|subclasses|builtins|import)__|constructor\s*(?:\.\s*(?:constructor|prototype)\b|[(\[])|T\s*\(\s*java\.|\.getClass\s*\(|lipsum\.|cycler\.|self\._|request\.application|_self\.env|range\.constructor)`,
          String.raw`freemarker\.template\.utility\.`,
          String.raw`(?:\{\{|\{%)[^\r\n]*(?:\|\s*attr\s*\(|\|\s*(?:filter|map|sort|reduce)\s*\(\s*['"](?:system|exec|passthru)|\.(?:mro|subclasses)\s*\(\)|config\.(?:iter)?items\s*\()`,
          String.raw`\{\{\s*dump\s*\(|\{\$smarty\.(?:version|template_object)\b|\{php\}`,
          String.raw`<%=?[^\r\n]*(?:\bFile\.(?:open|read)|\bIO\.popen|\bsystem\s*\()`,
        ),
      ),
    ),
  ]),
]
