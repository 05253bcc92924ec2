import { posix } from 'node:path'

/** What each room may import of the others: the table of ARCHITECTURE.md. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  model: [],
  net: ['model'],
  query: ['model'],
  waf: ['model', 'net'],
  tracer: ['model', 'net', 'waf'],
  collector: ['model', 'net', 'query', 'waf'],
  webhooks: ['model'],
  console: ['model', 'query'],
  cli: ['entry', 'model'],
  entry: ['model', 'net', 'query', 'waf', 'tracer', 'collector', 'webhooks', 'cli'],
}

const pureRooms = new Set(['model', 'net', 'query'])
/** Drivers, and the only folders that may import them. */
const drivers: Readonly<Record<string, RegExp>> = {
  '@duckdb/node-api': /\/duckdb\//,
  '@clickhouse/client': /\/clickhouse\//,
  pg: /\/postgres\//,
}
const inProcessPackages = new Set(['fastify-plugin', 're2', 're2js', '@opentelemetry/api'])

/** They may know all sub-rooms of their wing, the wall clock and timers. */
const compositionRoots =
  /^src\/(tracer\/(start|request)|collector\/(collector|pipeline|store\/duckdb\/worker)|webhooks\/verify-webhook|index|express|fastify|passport|waf|query|collector|testing|bin)\.ts$/

const clockUse = /\b(Date\.now\(\)|new Date\(\)|setTimeout\(|setInterval\()/
const environmentUse = /\bprocess\.env\b/

/** Breaches of the import rules in `files` (path from the repository's root → text), each as a sentence. */
export function importViolations(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([path, text]) => violationsOf(path, text))
}

function violationsOf(path: string, text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const found: string[] = []
  const room = roomOf(path)
  for (const { specifier, typeOnly } of importsOf(code)) {
    if (specifier.startsWith('.')) {
      const target = posix.normalize(posix.join(posix.dirname(path), specifier))
      const targetRoom = roomOf(target)
      if (targetRoom !== room && !(rooms[room] ?? []).includes(targetRoom)) {
        found.push(`${path} (${room}) imports ${target} (${targetRoom})`)
      }
      if (targetRoom === room && !typeOnly && isSideways(path, target)) {
        found.push(`${path} calls sideways into ${target}; only composition roots know several sub-rooms`)
      }
    } else {
      found.push(...packageViolations(path, room, specifier, typeOnly))
    }
  }
  if (environmentUse.test(code) && !/^src\/(tracer|collector)\/config\.ts$/.test(path) && room !== 'cli') {
    found.push(`${path} reads process.env; only the two config.ts do`)
  }
  if (clockUse.test(code) && !compositionRoots.test(path) && room !== 'cli' && room !== 'console') {
    found.push(`${path} uses the wall clock or timers; composition roots pass a Clock down`)
  }
  return found
}

function packageViolations(path: string, room: string, specifier: string, typeOnly: boolean): string[] {
  if (pureRooms.has(room)) return [`${path} (${room}) imports ${specifier}; this room is pure`]
  const folder = drivers[specifier]
  if (folder && !folder.test(path)) return [`${path} imports the driver ${specifier} outside its folder`]
  const inProcess = room === 'tracer' || room === 'waf'
  if (inProcess && !typeOnly && !specifier.startsWith('node:') && !inProcessPackages.has(specifier)) {
    return [`${path} (${room}) imports ${specifier}; the user's process carries few packages`]
  }
  return []
}

/** Whether the import goes from one sub-room of a wing into another one. */
function isSideways(path: string, target: string): boolean {
  if (compositionRoots.test(path)) return false
  const [, wing, from] = /^src\/(tracer|collector)\/([^/]+)\//.exec(path) ?? []
  const [, targetWing, to] = /^src\/(tracer|collector)\/([^/]+)\//.exec(target) ?? []
  return wing !== undefined && wing === targetWing && from !== to
}

function roomOf(path: string): string {
  const [, first] = /^src\/([^/]+)/.exec(path) ?? []
  return first === undefined || first.endsWith('.ts') ? 'entry' : first
}

function importsOf(code: string): { specifier: string; typeOnly: boolean }[] {
  const statements = code.matchAll(/\b(?:import|export)\s+(type\s)?[^'";]*?from\s*['"]([^'"]+)['"]/g)
  const bare = code.matchAll(/\bimport\s*\(?\s*['"]([^'"]+)['"]/g)
  return [
    ...[...statements].map(([, type, specifier]) => ({ specifier: specifier ?? '', typeOnly: type !== undefined })),
    ...[...bare].map(([, specifier]) => ({ specifier: specifier ?? '', typeOnly: false })),
  ]
}
