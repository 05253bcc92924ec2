import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { fail } from '../../model/error.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** No inline code, nothing from elsewhere, and no HTML made of text anywhere in the console's code. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const pageHeaders = {
  'content-security-policy': policy,
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

/** Files smaller than this do not get smaller on the wire. */
const minCompressedBytes = 1_024
const compressed = { br: promisify(brotliCompress), gzip: promisify(gzip) }
type Encoding = keyof typeof compressed

interface ConsoleFile {
  readonly body: Buffer
  readonly type: string
  readonly tag: string
  /** Made when first asked for: they would only make the package larger. */
  readonly encoded: Map<Encoding, Promise<Buffer>>
}

/** Where `npm run build` puts the console, beside the collector's own code. */
const builtDirectory = new URL('../../console/', import.meta.url)

/**
 * The console's page and its files. Files whose names carry their hash are kept by browsers for a year; the page is
 * asked for again each time. Any other path is the page too: what it shows is the address's business.
 */
export function consoleFiles(server: FastifyInstance): void {
  const files = readFiles(builtDirectory)
  const hide = { schema: { hide: true }, config: { access: 'public' as const } }

  for (const [name, file] of files) {
    if (name === 'index.html') continue
    const isHashed = name.startsWith('assets/')
    server.get(`/${name}`, hide, async (request, reply) => {
      void reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      return send(reply, file, request.headers)
    })
  }
  server.get('/*', hide, async (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    const page = files.get('index.html')
    if (/^\/(api|assets)(\/|$)/.test(path)) throw fail('NOT_FOUND', path)
    if (page === undefined) throw fail('NOT_FOUND', 'the console is not part of this build; npm run build makes it. It')
    void reply.headers({ ...pageHeaders, 'cache-control': 'no-cache' })
    return send(reply, page, request.headers)
  })
}

function readFiles(directory: URL): ReadonlyMap<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>()
  // Run from its sources, the collector finds the console's sources there, which are no page.
  if (!existsSync(new URL('assets/', directory))) return files
  for (const name of readdirSync(fileURLToPath(directory), { recursive: true, encoding: 'utf8' })) {
    const type = types[extname(name)]
    if (type === undefined) continue
    const body = readFileSync(new URL(name, directory))
    const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    files.set(name.replaceAll('\\', '/'), { body, type, tag, encoded: new Map() })
  }
  return files
}

async function send(
  reply: FastifyReply,
  file: ConsoleFile,
  headers: {
    readonly 'accept-encoding'?: string | string[] | undefined
    readonly 'if-none-match'?: string | undefined
  },
): Promise<FastifyReply> {
  void reply.headers({ etag: file.tag, vary: 'accept-encoding' }).type(file.type)
  if (headers['if-none-match'] === file.tag) return reply.code(304).send()
  const accepted = [headers['accept-encoding'] ?? ''].flat().join()
  const encoding = (['br', 'gzip'] as const).find((one) => new RegExp(`\\b${one}\\b(?!;q=0(?![.]))`).test(accepted))
  if (encoding === undefined || file.body.length < minCompressedBytes) return reply.send(file.body)
  return reply.header('content-encoding', encoding).send(await encode(file, encoding))
}

function encode(file: ConsoleFile, encoding: Encoding): Promise<Buffer> {
  const known = file.encoded.get(encoding)
  if (known !== undefined) return known
  const made =
    encoding === 'br'
      ? compressed.br(file.body, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
      : compressed.gzip(file.body, { level: 9 })
  file.encoded.set(encoding, made)
  return made
}
