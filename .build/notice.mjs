import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The names, versions and licence texts of the packages that the given files belong to. */
export function noticeOf(inputs) {
  const roots = new Set(
    inputs.map((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]).filter(Boolean),
  )
  return [...roots]
    .sort()
    .map((root) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
      const file = readdirSync(root).find((entry) => /^licen[cs]e/i.test(entry))
      const text = file && existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8').trim() : ''
      return `${name} ${version} (${license})\n\n${text}\n`
    })
    .join(`\n${'-'.repeat(78)}\n\n`)
}
