import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { importViolations } from './support/import-rules.ts'

const paths = listFiles()
const files = new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]))

test('every file of src keeps to its room', () => {
  expect(files.size).toBeGreaterThanOrEqual(30)
  expect(importViolations(files)).toEqual([])
})

test('a file is one idea: none is longer than 400 lines', () => {
  expect(paths.filter((path) => files.get(path)!.split('\n').length > 401)).toEqual([])
})

const planted = [
  ['src/model/span.ts', `import { parseIp } from '../net/ip.ts'`],
  ['src/net/ip.ts', `import { readFileSync } from 'node:fs'`],
  ['src/tracer/start.ts', `import { parse } from '../query/query.ts'`],
  ['src/tracer/login/login.ts', `import { encode } from '../export/encode.ts'`],
  ['src/tracer/export/exporter.ts', `import axios from 'axios'`],
  ['src/tracer/span/span.ts', `const name = process.env.DD_SERVICE`],
  ['src/tracer/span/span.ts', `const now = Date.now()`],
  ['src/collector/detect/detect.ts', `import { start } from '../../tracer/start.ts'`],
  ['src/collector/detect/detect.ts', `import { DuckDBInstance } from '@duckdb/node-api'`],
  ['src/cli/demo.ts', `import { openStore } from '../collector/store/duckdb/store.ts'`],
  ['src/waf/waf.ts', `export { parse } from '../query/query.ts'`],
  ['src/console/main.tsx', `import { readOverview } from '../collector/overview.ts'`],
  ['src/waf/waf.ts', `const lazily = await import('../tracer/start.ts')`],
] as const

describe('the rules bite', () => {
  test.each(planted)('in %s: %s', (path, text) => {
    expect(importViolations(new Map([[path, text]]))).toHaveLength(1)
  })
  test('every planted violation ran', () => expect(planted).toHaveLength(13))
  test('a comment is not an import', () => {
    expect(importViolations(new Map([['src/model/span.ts', `// import x from '../net/ip.ts'\n`]]))).toEqual([])
  })
})

function listFiles(): string[] {
  return readdirSync('src', { recursive: true, encoding: 'utf8' })
    .map((path) => `src/${path.replaceAll('\\', '/')}`)
    .filter((path) => /\.tsx?$/.test(path) && path !== 'src/console/vite.config.ts')
}
