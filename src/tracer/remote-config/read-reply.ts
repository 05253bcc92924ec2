/** A reply of the configuration endpoint. */
export interface ConfigDelivery {
  /** Paths that are to be in force; undefined when the reply says nothing of them. */
  readonly paths: readonly string[] | undefined
  readonly targets: Targets | undefined
  /** Contents that came along, by path; decoded only when asked for. */
  readonly files: ReadonlyMap<string, () => Buffer>
}

export interface Targets {
  readonly version: number
  readonly backendState: string
  readonly byPath: ReadonlyMap<string, Target>
}

export interface Target {
  readonly version: number
  readonly sha256: string
  readonly length: number
}

/**
 * Reads a reply. The contents, which may be many megabytes of base64, are set aside before the rest is parsed, so that
 * no single step takes long. Throws what is wrong as an Error.
 */
export function readReply(body: Buffer): ConfigDelivery {
  const lifted: Buffer[] = []
  const reply = object(JSON.parse(liftContents(body, lifted)), 'the reply')
  const files = new Map<string, () => Buffer>()
  for (const entry of list(reply['target_files'], 'target_files')) {
    const { path, raw } = object(entry, 'an entry of target_files')
    if (typeof path !== 'string') throw new Error('an entry of target_files has no path')
    if (typeof raw === 'number' && lifted[raw] !== undefined) {
      const content = lifted[raw]
      files.set(path, () => Buffer.from(content.toString('latin1'), 'base64'))
    } else if (typeof raw === 'string') files.set(path, () => Buffer.from(raw, 'base64'))
    else throw new Error(`${path} has no content in target_files`)
  }
  const paths = reply['client_configs'] === undefined ? undefined : texts(reply['client_configs'], 'client_configs')
  return { paths, targets: readTargets(reply['targets']), files }
}

const RAW = Buffer.from('"raw":"')

/** Puts the number of a set-aside content in its place. The token cannot occur inside a JSON string, whose quotes are escaped. */
function liftContents(body: Buffer, lifted: Buffer[]): string {
  const parts: string[] = []
  let from = 0
  for (let at = body.indexOf(RAW); at !== -1; at = body.indexOf(RAW, from)) {
    const start = at + RAW.length
    const end = body.indexOf(0x22, start)
    if (end === -1) break
    const content = body.subarray(start, end)
    if (content.includes(0x5c)) parts.push(body.toString('utf8', from, end + 1))
    else {
      parts.push(body.toString('utf8', from, start - 1), String(lifted.length))
      lifted.push(content)
    }
    from = end + 1
  }
  parts.push(body.toString('utf8', from))
  return parts.join('')
}

function readTargets(encoded: unknown): Targets | undefined {
  if (encoded === undefined || encoded === null || encoded === '') return undefined
  if (typeof encoded !== 'string') throw new Error('targets is not base64')
  const document = object(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')), 'targets')
  const signed = object(document['signed'], 'targets.signed')
  const byPath = new Map<string, Target>()
  for (const [path, entry] of Object.entries(object(signed['targets'] ?? {}, 'targets.signed.targets'))) {
    const target = object(entry, path)
    const sha256 = object(target['hashes'], `${path} hashes`)['sha256']
    const version = object(target['custom'] ?? {}, `${path} custom`)['v']
    if (typeof sha256 !== 'string' || typeof target['length'] !== 'number') {
      throw new Error(`the target ${path} lacks its length or sha256`)
    }
    byPath.set(path, { version: typeof version === 'number' ? version : 0, sha256, length: target['length'] })
  }
  const version = signed['version']
  if (typeof version !== 'number') throw new Error('targets.signed.version is not a number')
  const backendState = object(signed['custom'] ?? {}, 'targets.signed.custom')['opaque_backend_state']
  return { version, backendState: typeof backendState === 'string' ? backendState : '', byPath }
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Error(`${what} is not an object`)
}

function list(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value
  throw new Error(`${what} is not a list`)
}

function texts(value: unknown, what: string): readonly string[] {
  return list(value, what).map((item) => {
    if (typeof item !== 'string') throw new Error(`${what} holds something other than paths`)
    return item
  })
}
