import { readFileSync } from 'node:fs'

/** Where the id of the block goes, so that a blocked user can quote it to support. The first occurrence counts. */
const ID_PLACEHOLDER = '[security_response_id]'

/** Longest template file that is read. */
const MAX_TEMPLATE_BYTES = 1_048_576

export type PageKind = 'html' | 'json'

/** The two bodies of a block, each ready to take an id. */
export type BlockPages = Readonly<Record<PageKind, (securityResponseId: string) => string>>

export const contentTypes: Readonly<Record<PageKind, string>> = {
  html: 'text/html; charset=utf-8',
  json: 'application/json',
}

const defaults: Readonly<Record<PageKind, string>> = {
  html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Request stopped</title>
<style>
html { font: 17px/1.5 system-ui, sans-serif; color: #1d2430; background: #f5f6f8 }
main { max-width: 32rem; margin: 18vh auto; padding: 0 1.5rem }
h1 { font-size: 1.5rem; margin: 0 0 .5rem }
small { color: #5b6472; font-family: ui-monospace, monospace; overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) { html { color: #e8ebf0; background: #14181f } small { color: #98a2b3 } }
</style>
</head>
<body>
<main>
<h1>This request was stopped</h1>
<p>It looked like an attack on this site or on one of its accounts. If you think this is a mistake, please contact the site and quote the reference below.</p>
<small>Reference: ${ID_PLACEHOLDER}</small>
</main>
</body>
</html>
`,
  json: `{"errors":[{"title":"Request stopped","detail":"It looked like an attack. If this is a mistake, contact the site and quote the reference."}],"security_response_id":"${ID_PLACEHOLDER}"}`,
}

/**
 * Reads the templates named by `files`; a kind without a file, or whose file cannot be read, has the default page.
 * `unreadable` hears of each file that could not be read.
 */
export function blockPages(
  files: Readonly<Partial<Record<PageKind, string>>>,
  unreadable: (file: string, why: string) => void,
): BlockPages {
  return { html: page('html'), json: page('json') }

  function page(kind: PageKind): (securityResponseId: string) => string {
    const template = readTemplate(files[kind], unreadable) ?? defaults[kind]
    const at = template.indexOf(ID_PLACEHOLDER)
    if (at < 0) return () => template
    const before = template.slice(0, at)
    const after = template.slice(at + ID_PLACEHOLDER.length)
    return (id) => before + id + after
  }
}

/** Fills the id into a redirect's location. */
export function withId(location: string, securityResponseId: string): string {
  return location.replace(ID_PLACEHOLDER, () => encodeURIComponent(securityResponseId))
}

function readTemplate(file: string | undefined, unreadable: (file: string, why: string) => void): string | undefined {
  if (file === undefined || file === '') return undefined
  try {
    const bytes = readFileSync(file)
    if (bytes.length <= MAX_TEMPLATE_BYTES) return bytes.toString('utf8')
    unreadable(file, `larger than ${MAX_TEMPLATE_BYTES} bytes`)
  } catch (error) {
    unreadable(file, error instanceof Error ? error.message : String(error))
  }
  return undefined
}
