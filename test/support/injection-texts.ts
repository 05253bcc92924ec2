/**
 * Texts for the injection detectors, the same for every run with a seed: attacks by family, benign text that looks like
 * SQL or HTML here and there, mutations of both, and soups of fragments.
 */
export interface InjectionTexts {
  readonly sqlAttack: () => string
  readonly sqlMutation: () => string
  readonly sqlSoup: () => string
  readonly htmlAttack: () => string
  readonly htmlMutation: () => string
  readonly htmlSoup: () => string
  readonly benign: () => string
}

/** Numbers in [0, 1), the same for every run with a seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d)
    mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4_294_967_296
  }
}

type Part = string | (() => string)

export function injectionTexts(seed: number): InjectionTexts {
  const random = seeded(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const say = (part: Part): string => (typeof part === 'string' ? part : part())
  const pick = (parts: readonly Part[]): string => say(parts[below(parts.length)] ?? '')
  const one = (parts: readonly Part[]) => (): string => pick(parts)
  const several = (part: Part, most: number, between: string): string =>
    Array.from({ length: 1 + below(most) }, () => say(part)).join(between)
  const join =
    (...parts: readonly Part[]) =>
    (): string =>
      parts.map(say).join('')
  const words = (text: string): string[] => text.split(' ')

  // SQL
  const gap = one([' ', ' ', ' ', ' ', '  ', '\t', '\n', '/**/', '/*x*/', ' \n '])
  const number = one(words('1 0 2 -1 1337 0x31 1.5 1e0 99999 3.0 0b1'))
  const name = one(words('users password login a tbl information_schema.tables id x name mysql.user `users` [users]'))
  const string = one([...words(`'a' 'x '' 'admin' "a" " ' '1' 0x61646d N'a'`), 'char(97)'])
  const call = one(
    words(
      'sleep(5) benchmark(1000,md5(1)) version() user() database() pg_sleep(5) concat(0x7e,version()) char(65) ' +
        'ascii(substr(a,1,1)) load_file(0x61) extractvalue(1,concat(0x7e,user())) if(1=1,1,2) count(*) length(a)',
    ),
  )
  const value = one([number, number, name, string, call, 'null', '@@version', '@a', '(select id)'])
  const compare = one([...words('= = < > <> != <=>'), ' like ', ' in ', ' is ', ' rlike ', ' not like '])
  const logic = one(words('or and OR AND || && xor Or aNd'))
  const opening = one([...words(`' ' ' " 1 1' 1" a' ') ") ')) 1) -1 x' \\' admin'`), ''])
  const closing = one(['', '', '--', '-- ', '-- -', '#', '/*', ';--', "'", "' or '", ' -- x', '"', ')'])
  const list = (): string => several(value, 4, ',')
  const from = join(gap, 'from', gap, name)
  const query = join(
    'select',
    gap,
    one([list, '*', '1,2,3', 'null,null']),
    one(['', from, join(from, ' where ', value, compare, value)]),
  )
  const statement = one([
    join('drop table ', name),
    "exec xp_cmdshell('dir')",
    'shutdown',
    join('insert into ', name, ' values(', list, ')'),
    join('update ', name, ' set ', name, '=', value),
    join('delete from ', name),
    query,
    'declare @a varchar(10) set @a=1',
    "waitfor delay '0:0:5'",
  ])
  const sqlAttack = one([
    join(opening, gap, logic, gap, value, compare, value, closing),
    join(opening, gap, 'union', gap, one(['', join('all', gap)]), query, closing),
    join(opening, ';', gap, statement, closing),
    join(opening, gap, logic, gap, call, closing),
    join(opening, gap, logic, gap, '(', query, ')', compare, value, closing),
    join(opening, gap, 'order by ', number, closing),
    join(opening, gap, 'group by ', list, ' having ', value, compare, value, closing),
    join(opening, gap, logic, gap, 'exists(', query, ')', closing),
    join(opening, compare, opening, gap, logic, gap, string, compare, string),
    join(opening, closing),
    join(value, gap, logic, gap, value),
    join(opening, gap, 'into outfile ', string, closing),
    join(opening, '/*!50000', query, '*/', closing),
    join(opening, '||', call, '||', opening),
    join(opening, ' procedure analyse(', call, ',1)', closing),
    join(query, closing),
    join(opening, gap, 'limit ', number, ',', number, gap, 'union ', query),
  ])

  // HTML
  const tag = one(
    words('script a img svg iframe b div style link meta object embed base body input p form br isindex frame table'),
  )
  const attributeName = one(
    words(
      'onload onerror onclick href src style class id title alt onfoo on action formaction data-x xlink:href by to ' +
        'values from attributeName poster background width onmouseover type name value datasrc content',
    ),
  )
  const attributeValue = one([
    ...words('1 javascript:alert(1) alert(1) x data:text/html,x http://a.b/c java&#115;cript: &#106avascript: a=b'),
    ...words('vbscript:x onload href &#x6a;avascript view-source:x &#; &#xg &#99999999999;java url(x) expression(1)'),
    '',
    '  javascript:x',
    'foo bar',
    '\u0001java',
    'da\0ta:',
    'j\nava:',
  ])
  const space = one([' ', ' ', ' ', '\n', '\t', '/', '  ', '\0', '\f', '\v', ' /', ''])
  const equalsSign = one(['=', '=', '=', '==', '', ' = ', '\n=', '\0='])
  const attribute = (): string => {
    const quote = pick(['', '"', "'", '`'])
    return attributeName() + equalsSign() + quote + attributeValue() + (random() < 0.9 ? quote : '')
  }
  const element = join(
    '<',
    one(['', '', '', '/', '!', '?', '%', ' ', '\0', '/ ', '!--', '![CDATA[']),
    tag,
    one(['', join(space, attribute), join(space, attribute, space, attribute)]),
    one(['>', '>', '>', '/>', '', '-->', ']]>', '%>']),
  )
  const comment = join(
    one(['<!--', '<!--', '<!', '<?', '<%', '<!DOCTYPE', '<!doctype ', '</ ', '<!-', '<![CDATA[']),
    one(['', ' ', '[if IE]', 'xml', 'xmlx', 'import', 'ENTITY', 'entity x', '`', '-', '->', '!>', 'imports', '[IF x']),
    one(['-->', '>', '--!>', '', '%>', ']]>', '-\0->', '--\0>', '--']),
  )

  // Benign
  const word = one(
    words(
      'the of and to a in is you that it he was for on are as with his they I at be this have from or one had by but ' +
        'not what all were we when your can said there use an each which she do how their if will up other about out ' +
        'many then them these so some her would make like him into time has look two more write go see number no way ' +
        'could people my than first water been call who oil its now find long down day did get come made may part ' +
        'select union table where group order by update delete insert drop create set values limit key index null ' +
        'true false case when else end between having join left right user password version count max min date sleep',
    ),
  )
  const oddity = one([
    ...words(`O'Brien D'Angelo McDonald's it's don't I'm Müller José 北京 C++ AT&T 100% $5.00 #1 a@b.com 2024-01-01`),
    ...words(
      '12:30 10/12/2024 -- ... ! ? 1,000 v1.2.3 <3 :) *bold* "quoted" \'single\' `code` a=b f(x) 10am 2nd 50/50',
    ),
    "O'Neil & Sons",
    "rock 'n' roll",
    '(555) 123-4567',
    'x = 1',
    'if (a > b) { return c; }',
    '{json: 1}',
    'http://x.com/a?b=1&c=2',
    'a < b and b > c',
    '<b>bold</b>',
    '<p class="x">',
    'one = 1',
    'once=true',
  ])
  const digits = (most: number) => (): string => String(below(most))
  const benign = one([
    () => several(word, 12, ' ') + pick(['', '.', '!', '?']),
    () => several(one([word, word, oddity]), 10, pick([' ', ', ', ' - '])),
    oddity,
    join(word, one([' ', '-', '_', '.', '']), digits(1000)),
    () => JSON.stringify({ [word()]: oddity(), [word()]: below(99) }),
    join('const ', word, ' = ', word, '(', oddity, ", '", word, "') // ", word, ' ', word),
    join(word, '=', word, '&', word, '=', digits(100)),
    () => below(1e9).toString(pick(['a', 'b']) === 'a' ? 10 : 36),
    () => Array.from({ length: 4 }, () => below(2 ** 32).toString(16)).join('-'),
    () => Buffer.from(Array.from({ length: 1 + below(30) }, () => below(256))).toString('base64'),
    join('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/', digits(140), '.0.0.0'),
    join('/', word, '/', word, '/', digits(9999), '?', word, '=', () => encodeURIComponent(oddity())),
    join(word, "'s ", word, ' ', word, ' (', word, ', ', word, ')'),
  ])

  const mutate = (source: string, characters: readonly string[]): string => {
    let text = source
    for (let times = 1 + below(4); times > 0; times -= 1) {
      const at = below(text.length + 1)
      const cut = below(3)
      text = text.slice(0, at) + pick([...characters, word, '']) + text.slice(at + cut)
    }
    return text
  }
  const sqlCharacters = '\'"`-#/*();,=<>|&!@$%^~+.:[]{}\\? \t\n01axE\u00e0\u00a0\0'.split('')
  const htmlCharacters = '<>/="\'`!-?%[] \n\0oxa&#;:\u00e9'.split('')
  return {
    sqlAttack,
    sqlMutation: () => mutate(pick([sqlAttack, sqlAttack, benign]), sqlCharacters),
    sqlSoup: () => several(one([one(sqlCharacters), value, word, logic, compare, gap]), 12, pick([' ', ''])),
    htmlAttack: () => several(one([element, element, attribute, comment, oddity]), 3, pick(['', ' ', '>'])),
    htmlMutation: () =>
      mutate(pick([element, attribute, comment]) + pick([element, attribute, oddity]), htmlCharacters),
    htmlSoup: () => several(one([one(htmlCharacters), oddity, tag, attributeName]), 14, ''),
    benign,
  }
}
