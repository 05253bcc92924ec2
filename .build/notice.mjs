import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The names, versions, copyright lines and licence texts of the packages that the given files belong to. Texts that differ
 * in nothing but their copyright lines and line breaks are printed once, behind all the packages they are of.
 */
export function noticeOf(inputs) {
  const roots = new Set(
    inputs.map((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]).filter(Boolean),
  )
  const licences = new Map()
  for (const root of [...roots].sort()) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const file = readdirSync(root).find((entry) => /^licen[cs]e/i.test(entry))
    const text = file && existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8').trim() : ''
    const lines = text.split('\n')
    const copyrights = lines.filter(isCopyright).map((line) => line.trim())
    const terms = lines
      .filter((line) => !isCopyright(line))
      .join('\n')
      .trim()
    const key = terms.replaceAll(/\s+/g, ' ')
    const licence = licences.get(key) ?? { terms, packages: [] }
    licence.packages.push([`${name} ${version} (${license})`, ...copyrights.map((line) => `  ${line}`)].join('\n'))
    licences.set(key, licence)
  }
  return [...licences.values()]
    .map(({ terms, packages }) => `${[...new Set(packages)].join('\n')}\n\n${terms}\n`)
    .join(`\n${'-'.repeat(78)}\n\n`)
}

const isCopyright = (line) => /^\s*copyright (?:\(c\)|©|\d)/i.test(line)
