import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

interface Manifest {
  readonly name: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
}
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
const entries = Object.entries(manifest.exports).flatMap(([path, target]) =>
  typeof target === 'string' ? [] : [{ path, ...target }],
)

test.each(entries)('$path resolves for Node and for TypeScript', ({ path, types }) => {
  const specifier = join(manifest.name, path)
  const script = `import('${specifier}').then((all) => console.log(Object.keys(all).length))`
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(Number(stdout)).toBeGreaterThan(0)
  expect(existsSync(types)).toBe(true)
})

test('every sub-path was tried', () => expect(entries.length).toBeGreaterThanOrEqual(9))

test('TypeScript takes every entry as it is, its declarations checked too', () => {
  const directory = mkdtempSync(join('test', 'consumer-'))
  try {
    const imports = entries.map(({ path }, index) => `import * as entry${index} from '${join(manifest.name, path)}'`)
    const uses = entries.map((_entry, index) => `console.log(entry${index})`)
    writeFileSync(join(directory, 'consumer.ts'), [...imports, ...uses].join('\n'))
    const options = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--types',
      'node',
    ]
    const { stdout } = spawnSync('npx', ['tsc', ...options, join(directory, 'consumer.ts')], { encoding: 'utf8' })
    expect(stdout).toBe('')
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('CommonJS can require it', () => {
  const { stdout } = spawnSync(process.execPath, ['-e', `console.log(typeof require('portcullis').start)`], {
    encoding: 'utf8',
  })
  expect(stdout.trim()).toBe('function')
})

test.each(['index', 'express', 'fastify', 'passport', 'waf', 'testing', 'webhooks'])(
  '%s loads nothing of the collector',
  (entry) => {
    const { files, packages } = graphOf(resolve('dist', `${entry}.js`))
    expect(files.size).toBeGreaterThan(1)
    expect(
      [...files].map((file) => relative('dist', file)).filter((file) => /^(collector|query|cli)\b/.test(file)),
    ).toEqual([])
    const allowed = new Set([...Object.keys(manifest.dependencies), '@opentelemetry/api'])
    expect([...packages].filter((name) => !allowed.has(name))).toEqual([])
  },
)

test('the tarball holds what users need, and no more than it should weigh', () => {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json'], { encoding: 'utf8' })
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string; size: number }[] }]
  const paths = files.map(({ path }) => path)
  expect(paths).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'dist/bin.js']))
  expect(paths.filter((path) => !/^(dist\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(path))).toEqual([])
  const unpacked = files.reduce((sum, { size }) => sum + size, 0)
  const dependencies = Object.keys(manifest.dependencies).reduce(
    (sum, name) => sum + weightOf(`node_modules/${name}`),
    0,
  )
  expect((unpacked + dependencies) / 1e6).toBeLessThan(3)
})

/** The files and packages that an entry loads, directly or through others. */
function graphOf(
  entry: string,
  files = new Set<string>(),
  packages = new Set<string>(),
): { files: Set<string>; packages: Set<string> } {
  if (files.has(entry)) return { files, packages }
  files.add(entry)
  const text = readFileSync(entry, 'utf8')
  for (const [, specifier = ''] of text.matchAll(
    /(?:^(?:import|export)\b[^'"]*?\bfrom\s*|^import\s*|\bimport\()['"]([\w@./:-]+)['"]/gm,
  )) {
    if (specifier.startsWith('.')) graphOf(resolve(dirname(entry), specifier), files, packages)
    else if (!specifier.startsWith('node:') && !builtinModules.includes(specifier)) packages.add(specifier)
  }
  return { files, packages }
}

function weightOf(path: string): number {
  const { stdout } = spawnSync('find', [path, '-type', 'f', '-printf', '%s\n'], { encoding: 'utf8' })
  expect(statSync(path).isDirectory()).toBe(true)
  return stdout.split('\n').reduce((sum, size) => sum + Number(size), 0)
}
