// After tsc: puts pure-JavaScript libraries under dist/vendor (the tracer's) and dist/collector/vendor (the collector's),
// so that an install is one package without what of them nobody runs, and turns JSON files of the collector into modules
// (JSON imports warn on Node 20).
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { build, transformSync } from 'esbuild'
import { noticeOf } from './notice.mjs'

const dist = resolve('dist')
const collector = join(dist, 'collector')
const vendor = join(collector, 'vendor')
/** Installed beside us: what has native parts, and what the package depends on. */
const installed = new Set([
  '@duckdb/node-api',
  '@clickhouse/client',
  'pg',
  ...Object.keys(readJson('package.json').dependencies),
])
const importPattern =
  /(^(?:import|export)\b[^'"]*?\bfrom\s*|^import\s*|\bimport\()(['"])([\w@./:-]+)\2(\s*with\s*\{\s*type:\s*['"]json['"]\s*\})?/gm

// tsc leaves `.ts` in the specifiers of declarations; what lies beside them is `.js`. Those that no entry reaches go.
const declarations = new Set()
const visit = (file) => {
  if (declarations.has(file)) return
  declarations.add(file)
  const text = readFileSync(file, 'utf8').replaceAll(/((?:from|import\() ?['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2')
  writeFileSync(file, text)
  for (const [, specifier] of text.matchAll(/(?:from|import\() ?['"](\.[^'"]*)\.js['"]/g)) {
    visit(join(dirname(file), `${specifier}.d.ts`))
  }
}
for (const { types } of Object.values(readJson('package.json').exports)) if (types) visit(resolve(types))
for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.d.ts'))) {
  if (!declarations.has(join(dist, name))) rmSync(join(dist, name))
}

// Triage guides are read as they are.
const guides = join('collector', 'detect', 'rules')
for (const name of readdirSync(join('src', guides)).filter((entry) => entry.endsWith('.md'))) {
  copyFileSync(join('src', guides, name), join(dist, guides, name))
}

/** Libraries in CommonJS ask for Node's modules by `require`. */
const requireBanner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);"

/**
 * Parts of libraries that the collector never calls, and their weight: YAML for OpenAPI, requests without a network, logs
 * written by a thread, and content types by file name, which only mails with attachments need.
 */
const unused = /^(?:yaml|light-my-request|thread-stream|.*\/mime-types\.js)$/

await bundleLibraries(codeBelow(collector), vendor, { leftOut: unused, commonJs: true })
await bundleLibraries(
  codeBelow(dist).filter((file) => !file.startsWith(collector)),
  join(dist, 'vendor'),
)

// Comments are in the sources and the declarations; in the code they are weight in every service that installs this.
// What runs in the user's process keeps its lines, so that its stack traces can be read.
for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.js') || name.includes('vendor') || name.startsWith('console')) continue
  const file = join(dist, name)
  const options = { target: 'esnext', legalComments: 'none', minify: /^(?:collector|query|cli)\b/.test(name) }
  writeFileSync(file, transformSync(readFileSync(file, 'utf8'), options).code)
}

function codeBelow(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js') && !/(?:^|\/)vendor\//.test(name) && !name.startsWith('console'))
    .map((name) => join(folder, name))
}

/** Bundles what `files` import from packages into `folder`, and points their imports there. */
async function bundleLibraries(files, folder, { leftOut, commonJs } = {}) {
  rmSync(folder, { recursive: true, force: true })
  const packages = new Set()
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
    const rewritten = text.replace(importPattern, (statement, keyword, quote, specifier, json) => {
      if (json) return `${keyword}${quote}${writeJsonModule(file, specifier)}${quote}`
      if (specifier.startsWith('.') || specifier.startsWith('node:') || installed.has(packageOf(specifier)))
        return statement
      packages.add(specifier)
      return `${keyword}${quote}${relativePath(file, join(folder, vendorName(specifier)))}${quote}`
    })
    if (rewritten !== text) writeFileSync(file, rewritten)
  }
  const entries = await Promise.all([...packages].map(entryOf))
  const result = await build({
    entryPoints: Object.fromEntries(entries.map(({ name }) => [name.replace(/\.js$/, ''), `entry:${name}`])),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    minify: true,
    keepNames: commonJs === true,
    legalComments: 'none',
    metafile: true,
    external: [...installed],
    logLevel: 'error',
    ...(commonJs ? { banner: { js: requireBanner } } : {}),
    plugins: [
      {
        name: 'entries',
        setup(plugin) {
          const seen = new Map()
          plugin.onResolve({ filter: /^(?:@[\w.-]+\/)?[\w.-]+(?:\/|$)/ }, async ({ path, pluginData, ...from }) => {
            if (pluginData === 'resolved' || from.namespace === 'entry' || leftOut?.test(path)) return undefined
            const found = await plugin.resolve(path, {
              kind: from.kind,
              importer: from.importer,
              resolveDir: from.resolveDir,
              pluginData: 'resolved',
            })
            return { ...found, path: onlyCopy(found.path, seen) }
          })
          plugin.onResolve({ filter: /^entry:/ }, ({ path }) => ({ path: path.slice(6), namespace: 'entry' }))
          plugin.onLoad({ filter: /.*/, namespace: 'entry' }, ({ path }) => ({
            contents: entries.find(({ name }) => name === path).code,
            resolveDir: resolve('.'),
          }))
          if (leftOut === undefined) return
          plugin.onResolve({ filter: leftOut }, ({ path }) => ({ path, namespace: 'left-out' }))
          plugin.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {}' }))
        },
      },
    ],
  })
  writeFileSync(join(folder, 'NOTICE'), noticeOf(Object.keys(result.metafile.inputs)))
}

/** npm may install one version of a package in several places: the first that is met stands for all. */
function onlyCopy(file, seen) {
  const [root] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file) ?? []
  if (root === undefined) return file
  const { name, version } = readJson(join(root, 'package.json'))
  const first = seen.get(`${name}@${version}`) ?? root
  seen.set(`${name}@${version}`, first)
  return first + file.slice(root.length)
}

async function entryOf(specifier) {
  const names = Object.keys(await import(specifier))
  const named = names.filter((name) => name !== 'default' && /^[\w$]+$/.test(name))
  const code = [
    names.includes('default') ? `export { default } from '${specifier}'` : '',
    named.length > 0 ? `export { ${named.join(', ')} } from '${specifier}'` : '',
  ].join('\n')
  return { name: vendorName(specifier), code }
}

function writeJsonModule(importer, specifier) {
  const name = join(dirname(importer), specifier)
  const content = readFileSync(join('src', relative(dist, name)), 'utf8')
  mkdirSync(dirname(name), { recursive: true })
  writeFileSync(`${name}.js`, `export default ${JSON.stringify(JSON.parse(content))}\n`)
  rmSync(name, { force: true })
  return `${specifier}.js`
}

function packageOf(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function vendorName(specifier) {
  return `${specifier.replace(/^@/, '').replaceAll('/', '-')}.js`
}

function relativePath(file, target) {
  const path = relative(dirname(file), target).replaceAll('\\', '/')
  return path.startsWith('.') ? path : `./${path}`
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}
