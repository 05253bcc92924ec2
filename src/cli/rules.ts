import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { compileRuleset, explain } from '../waf.ts'
import type { Explanation, RulesetDiagnostics, SectionDiagnostics } from '../waf.ts'
import { fail, PortcullisError } from '../model/error.ts'
import type { Io } from './io.ts'

const usage = `usage: portcullis rules check FILE [--json]
       portcullis rules explain FILE REQUEST.json [--rule ID] [--json]

check    loads a rules file and says what cannot be used, with JSON paths.
         Exit code 0: all of it can be used; 1: something cannot; 2: nothing can.
explain  says of each rule why it matches the addresses of REQUEST.json or not; with --rule, condition by condition.
         REQUEST.json: {"server.request.query": {"q": "..."}, "server.request.headers.no_cookies": {...}, ...}
         Exit code 0: some rule matches; 1: none does; 2: there is nothing to explain.`

/** `portcullis rules`: checks a rules file, or explains what it makes of a request. */
export async function rulesCommand(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' }, rule: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })
  const [verb, file, request, ...more] = positionals
  if (values.help === true) {
    io.out(usage)
    return 0
  }
  if (verb === 'check' && file !== undefined && request === undefined) return check(file, values.json === true, io)
  if (verb === 'explain' && file !== undefined && request !== undefined && more.length === 0)
    return explainRequest({ file, request, rule: values.rule, json: values.json === true }, io)
  io.err(usage)
  return 2
}

async function check(file: string, json: boolean, io: Io): Promise<number> {
  const ruleset = await readJson(file)
  let diagnostics: RulesetDiagnostics
  try {
    diagnostics = compileRuleset(ruleset).diagnostics
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error
    io.err(`${file}: ${error.message}`)
    return 2
  }
  if (json) io.out(JSON.stringify(diagnostics, null, 2))
  else for (const line of describe(diagnostics)) io.out(line)
  const isAllUsable = diagnostics.unknown === undefined && !sectionsOf(diagnostics).some(([, one]) => isFaulty(one))
  return isAllUsable ? 0 : 1
}

function sectionsOf(diagnostics: RulesetDiagnostics): [name: string, section: SectionDiagnostics][] {
  return Object.entries(diagnostics).flatMap(([name, section]) =>
    typeof section === 'object' && 'loaded' in section ? [[name, section]] : [],
  )
}

function isFaulty({ failed, errors, warnings, error }: SectionDiagnostics): boolean {
  return failed.length + Object.keys(errors).length + Object.keys(warnings).length > 0 || error !== undefined
}

function describe(diagnostics: RulesetDiagnostics): string[] {
  const unknown = (diagnostics.unknown ?? []).map((line) => `  error    ${line}`)
  const sections = sectionsOf(diagnostics).flatMap(([name, section]) => [
    `${name}: ${section.loaded.length} loaded, ${section.failed.length} failed, ${section.skipped.length} skipped`,
    ...(section.error === undefined ? [] : [`  error    ${section.error}`]),
    ...Object.entries(section.errors).map(([message, ids]) => `  error    ${ids.join(', ')}: ${message}`),
    ...Object.entries(section.warnings).map(([message, ids]) => `  warning  ${ids.join(', ')}: ${message}`),
  ])
  return [...unknown, ...sections]
}

interface ExplainCall {
  readonly file: string
  readonly request: string
  readonly rule: string | undefined
  readonly json: boolean
}

async function explainRequest(call: ExplainCall, io: Io): Promise<number> {
  const ruleset = asRecord(await readJson(call.file), call.file)
  const addresses = asRecord(await readJson(call.request), call.request)
  const isRead = (explanation: Explanation): boolean =>
    explanation.conditions.some(({ inputs }) => inputs.some(({ state }) => state !== 'absent'))
  const rules = ['rules', 'rules_compat', 'custom_rules'].flatMap((name) => asList(ruleset[name]))
  const chosen = call.rule === undefined ? rules : rules.filter((rule) => idOf(rule) === call.rule)
  if (chosen.length === 0) {
    io.err(call.rule === undefined ? `${call.file} holds no rule` : `${call.file} holds no rule ${call.rule}`)
    return 2
  }
  const explanations = chosen.flatMap((rule) => explainOne(rule, addresses, asList(ruleset['rules_data']), io))
  if (explanations.length > 0 && !explanations.some(isRead))
    io.err(`${call.request} holds no address that these rules read, such as ${sampleAddress(explanations)}`)
  if (call.json) io.out(JSON.stringify(explanations, null, 2))
  else for (const explanation of explanations) printExplanation(explanation, call.rule !== undefined, io)
  return explanations.some((explanation) => explanation.matched) ? 0 : 1
}

function explainOne(
  rule: unknown,
  addresses: Readonly<Record<string, unknown>>,
  rulesData: readonly unknown[],
  io: Io,
): Explanation[] {
  try {
    return [explain(rule, addresses, { rulesData })]
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error
    io.err(`${idOf(rule) ?? 'a rule without an id'}: ${error.message}`)
    return []
  }
}

/** The address that the first condition reads. */
function sampleAddress(explanations: readonly Explanation[]): string {
  const [input] = explanations.flatMap(({ conditions }) => conditions).flatMap(({ inputs }) => inputs)
  return input?.address ?? 'server.request.query'
}

/** A rule that does not match is one line with the first reason, unless it was asked for by id. */
function printExplanation({ rule, matched, conditions }: Explanation, inFull: boolean, io: Io): void {
  const failed = conditions.find((condition) => !condition.matched)
  const reason = failed === undefined || inFull ? '' : `: ${failed.operator}: ${failed.why}`
  io.out(`${rule}: ${matched ? 'matches' : 'does not match'}${reason}`)
  if (!matched && !inFull) return
  for (const condition of conditions)
    io.out(`  ${condition.matched ? '+' : '-'} ${condition.operator}: ${condition.why}`)
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw fail('RULESET_INVALID', file, `it cannot be read as JSON (${(error as Error).message})`)
  }
}

function asRecord(value: unknown, file: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Error(`${file} holds no JSON object`)
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function idOf(rule: unknown): string | undefined {
  const id = typeof rule === 'object' && rule !== null ? (rule as Record<string, unknown>)['id'] : undefined
  return typeof id === 'string' ? id : undefined
}
