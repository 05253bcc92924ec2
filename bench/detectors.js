/**
 * is_sqli and is_xss on benign and attack texts, against the same operators of libddwaf.
 * `node bench/detectors.js` after `npm run build`.
 *
 * The peer's time holds the conversion of its values; "net" leaves out what the same run costs with a rule that looks
 * for one literal. Benign texts are given to the peer 200 at a time, attacks one by one (a match ends its run).
 */
import { createRequire } from 'node:module'
import { detectSqli } from '../dist/waf/detectors/sqli/detect.js'
import { detectXss } from '../dist/waf/detectors/xss/detect.js'
import { compare, machine, printTable } from './support/compare.js'

const require = createRequire(import.meta.url)
const { DDWAF } = require('@datadog/native-appsec')
const peerVersion = require('@datadog/native-appsec/package.json').version

const BUDGET_US = 10_000_000
/** A round of ours takes about as long as one of the peer's. */
const OUR_TURNS = 20

const fields = [
  ...['alice', 'bob.smith@example.com', 'Jean-Luc Picard', 'Müller', 'correct horse battery staple', '2024-01-31'],
  ...[
    '3f2504e0-4f89-11d3-9a0c-0305e82c3301',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc',
    '+1 555 123 4567',
    'true',
  ],
  ...['https://example.com/shop/items?page=2&sort=price', 'en-GB,en;q=0.9', '1499.99', 'Blue cotton shirt, size M'],
  ...[
    '10 Downing Street, London SW1A 2AA',
    'a3f5c9d2e8b14c77',
    'text/html',
    'the quick brown fox jumps over the lazy dog',
  ],
]
const prose = [
  "It's a lovely day and we don't know whether to go out or stay in, isn't it?",
  'Please select a table from the list and update your order before 5 pm (or call us).',
  'O\'Brien said: "join us, or else"; 3 of 4 left.',
  'if (a > b) { return c; } // values between 1 and 5',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  'We do not sell <b>personal</b> data & never will; see section 4.2, "Privacy".',
]
const sqlAttacks = [
  "' or 1=1 --",
  "1' or '1'='1",
  '1 union select 1,2,password from users',
  "x' and sleep(5)#",
  '1;drop table users',
  "') or ('a'='a",
]
const htmlAttacks = [
  '<script>alert(1)</script>',
  '" onmouseover="alert(1)',
  '<img src=x onerror=alert(1)>',
  '<a href="java&#115;cript:alert(1)">',
  '<svg/onload=alert(1)>',
]

const repeat = (texts, count) => Array.from({ length: count }, (_, index) => texts[index % texts.length])

function createPeer(operator, parameters = {}) {
  const conditions = [{ operator, parameters: { inputs: [{ address: 'a' }], ...parameters } }]
  const rules = [{ id: 'r', name: 'r', tags: { type: 't', category: 'c' }, conditions }]
  const waf = new DDWAF({ version: '2.2', rules }, 'rules')
  return (value) => {
    const context = waf.createContext()
    const { status } = context.run({ persistent: { a: value } }, BUDGET_US)
    context.dispose()
    return status === 'match'
  }
}

const literal = createPeer('exact_match', { list: ['\u0001'] })
const detectors = [
  {
    name: 'is_sqli',
    ours: (text) => detectSqli(text) !== undefined,
    theirs: createPeer('is_sqli'),
    attacks: sqlAttacks,
  },
  { name: 'is_xss', ours: detectXss, theirs: createPeer('is_xss'), attacks: htmlAttacks },
]

const rows = []
for (const { name, ours, theirs, attacks } of detectors) {
  const kinds = [
    { kind: 'fields', texts: repeat(fields, 200), attack: false },
    { kind: 'prose', texts: repeat(prose, 200), attack: false },
    { kind: 'attacks', texts: repeat(attacks, 200), attack: true },
  ]
  for (const { kind, texts, attack } of kinds) {
    const differing = texts.filter((text) => ours(text) !== attack || theirs(text) !== attack)
    if (differing.length > 0) throw new Error(`${name}: verdicts differ on ${JSON.stringify(differing[0])}`)
    const given = attack ? texts : [texts]
    const everyGiven = (judge) => {
      for (let turn = 0; turn < OUR_TURNS; turn++) for (const value of given) judge(value)
      return OUR_TURNS * texts.length
    }
    const times = compare({
      ours: () => {
        for (let turn = 0; turn < OUR_TURNS * 10; turn++) for (const text of texts) ours(text)
        return OUR_TURNS * 10 * texts.length
      },
      theirs: () => everyGiven(theirs),
      literal: () => everyGiven(literal),
    })
    const net = times.theirs.leastNs - times.literal.leastNs
    rows.push({
      operator: name,
      texts: kind,
      'ours ns (median)': `${times.ours.leastNs.toFixed(0)} (${times.ours.medianNs.toFixed(0)})`,
      'peer ns (median)': `${times.theirs.leastNs.toFixed(0)} (${times.theirs.medianNs.toFixed(0)})`,
      ratio: (times.theirs.leastNs / times.ours.leastNs).toFixed(1),
      'peer net ns': net.toFixed(0),
      'net ratio': (net / times.ours.leastNs).toFixed(1),
    })
  }
}
console.log(`${JSON.stringify(machine())}, @datadog/native-appsec ${peerVersion}`)
printTable(rows)
