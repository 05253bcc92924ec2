import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** The declarations that an entry's `.d.ts` exports, by name, comments left out: what users of the package bind to. */
export function exportedDeclarations(file: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const statement of statementsOf(file)) {
    const [, names, from] = /^export (?:type )?\{([^}]*)\} from '([^']+)'/.exec(statement) ?? []
    if (names !== undefined && from !== undefined) {
      const target = exportedDeclarations(resolve(dirname(file), from.replace(/\.js$/, '.d.ts')))
      for (const entry of names.split(',')) {
        const [inner = '', outer = inner] = entry
          .trim()
          .replace(/^type /, '')
          .split(/\s+as\s+/)
        if (inner !== '') found.set(outer, target.get(inner) ?? `missing in ${from}`)
      }
    }
    const [, name] =
      /^export (?:declare )?(?:abstract )?(?:function|const|class|interface|type) ([\w$]+)/.exec(statement) ?? []
    if (name !== undefined) found.set(name, [found.get(name), statement].filter(Boolean).join('\n'))
  }
  return found
}

/** Top-level statements of a declaration file: each begins in the first column. */
function statementsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\/\/.*$/gm, '')
    .replaceAll(/\n\s*\n/g, '\n')
  return text.split(/\n(?=export |declare |import )/).map((statement) => statement.trim())
}
