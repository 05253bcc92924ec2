/** A piece of a route of Express 5: text, a parameter, or a part that may be missing. */
type Piece = string | Parameter | readonly Piece[]

interface Parameter {
  readonly name: string
  /** It takes the rest of the path, slashes included. */
  readonly takesRest: boolean
}

/** Routes without optional parts that are remembered; an app has fewer. */
const MAX_REMEMBERED = 1_000
const remembered = new Map<string, string | undefined>()

const namePattern = /[$_\p{ID_Start}][$\u200c\u200d\p{ID_Continue}]*/uy
/** Signs that Express 5 refuses unless they are escaped: with them it is a route of another grammar. */
const reserved = /[()[\]+?!]/

/**
 * A route of Express 5 in the form of `_dd.appsec.normalized_route`: each segment is its text or `{name}`, with several
 * parameters `{a+b}`; optional parts count where one of their parameters has a value. Undefined for what is no such
 * route. Source: spec/tracer.md 2.6 and the behaviour of Datadog tracers.
 */
export function normalizedRoute(route: string, params: unknown): string | undefined {
  if (route.includes('{')) return render(parse(route), params)
  if (remembered.has(route)) return remembered.get(route)
  const normalized = render(parse(route), undefined)
  if (remembered.size < MAX_REMEMBERED) remembered.set(route, normalized)
  return normalized
}

function parse(route: string): readonly Piece[] | undefined {
  let at = 0
  const pieces = parsePieces(0)
  return at === route.length ? pieces : undefined

  function parsePieces(depth: number): readonly Piece[] | undefined {
    const found: Piece[] = []
    let text = ''
    for (; at < route.length && route[at] !== '}'; at++) {
      const sign = route[at] ?? ''
      if (sign === '\\') text += route[++at] ?? ''
      else if (sign === ':' || sign === '*') {
        const name = parseName()
        if (name === undefined) return undefined
        found.push(text, { name, takesRest: sign === '*' })
        text = ''
      } else if (sign === '{') {
        at++
        const inner = parsePieces(depth + 1)
        if (inner === undefined || route[at] !== '}') return undefined
        found.push(text, inner)
        text = ''
      } else if (reserved.test(sign)) return undefined
      else text += sign
    }
    return depth === 0 && at < route.length ? undefined : [...found, text]
  }

  /** The name behind the sign at `at`, plain or in quotes; leaves `at` on its last character. */
  function parseName(): string | undefined {
    if (route[at + 1] === '"') {
      const end = route.indexOf('"', at + 2)
      if (end < 0) return undefined
      const quoted = route.slice(at + 2, end)
      at = end
      return quoted
    }
    namePattern.lastIndex = at + 1
    const name = namePattern.exec(route)?.[0]
    if (name !== undefined) at += name.length
    return name
  }
}

interface Segment {
  text: string
  readonly names: string[]
}

function render(pieces: readonly Piece[] | undefined, params: unknown): string | undefined {
  if (pieces === undefined) return undefined
  const present = presentPieces(pieces, params)
  const rest = present.findIndex((piece) => typeof piece !== 'string' && piece.takesRest)
  if (rest >= 0 && present.slice(rest + 1).some((piece) => piece !== '')) return undefined
  const names = distinct(present.filter((piece) => typeof piece !== 'string').map(({ name }) => name))
  const segments: Segment[] = [{ text: '', names: [] }]
  for (const piece of present) {
    if (typeof piece !== 'string') {
      segments.at(-1)?.names.push(names.shift() ?? '')
      continue
    }
    for (const [index, text] of piece.split('/').entries()) {
      if (index > 0) segments.push({ text: '', names: [] })
      const segment = segments.at(-1)
      if (segment !== undefined) segment.text += text
    }
  }
  const shown = segments.filter(({ text, names: own }) => text !== '' || own.length > 0).map(showSegment)
  const last = pieces.findLast((piece) => piece !== '')
  const endsInSlash = shown.length > 0 && typeof last === 'string' && last.endsWith('/')
  return `/${shown.join('/')}${endsInSlash ? '/' : ''}`
}

function presentPieces(pieces: readonly Piece[], params: unknown): (string | Parameter)[] {
  return pieces.flatMap((piece) => {
    if (typeof piece === 'string' || 'name' in piece) return [piece]
    return hasValue(piece, params) ? presentPieces(piece, params) : []
  })
}

function hasValue(piece: Piece, params: unknown): boolean {
  if (typeof piece === 'string') return false
  if (!('name' in piece)) return piece.some((inner) => hasValue(inner, params))
  return typeof params === 'object' && params !== null && Reflect.get(params, piece.name) !== undefined
}

/** Of parameters with the same name the last keeps it; the others are numbered. */
function distinct(names: readonly string[]): string[] {
  const encoded = names.map((name) => name.replace(/[/?#+{}]/g, encodeURIComponent))
  const used = new Set(encoded)
  let number = 1
  return encoded.map((name, index) => {
    if (encoded.lastIndexOf(name) === index) return name
    while (used.has(`param${number}`)) number++
    return `param${number++}`
  })
}

function showSegment({ text, names }: Segment): string {
  return names.length > 0 ? `{${names.join('+')}}` : text.replace(/[^A-Za-z0-9.\-~_]/gu, encodeSign)
}

function encodeSign(sign: string): string {
  const bytes = Buffer.from(sign, 'utf8')
  return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
