import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

const entry = `
  export { compareRequests as differential } from './compare-requests.ts'
  export { comparePlain as plain } from './compare-plain.ts'
  export { compareRulesets as rulesets } from './compare-rulesets.ts'
`

/** The comparisons of the tests by their names. */
export function loadComparisons() {
  return bundleTests(entry)
}

/** What `contents`, written in test/support, exports, bundled for Node, which cannot load TypeScript before version 22. */
export async function bundleTests(contents) {
  // Below node_modules, so that the bundle finds the packages.
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'portcullis-'))
  try {
    const outfile = join(folder, 'comparisons.mjs')
    await build({
      stdin: { contents, resolveDir: join(root, 'test/support') },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20.19',
      packages: 'external',
      logLevel: 'error',
    })
    return await import(pathToFileURL(outfile).href)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
