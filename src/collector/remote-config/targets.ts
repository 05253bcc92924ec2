import { capability, product } from '../../model/remote-config.ts'
import type { ConfigReply, ConfigRequest, SignedTargets } from '../../model/remote-config.ts'
import type { ConfigFile } from './config-file.ts'

/** The files that a kind of client should have, and their targets document. */
export interface TargetSet {
  readonly version: number
  readonly files: readonly ConfigFile[]
  /** Base64 of the document. */
  readonly targets: string
}

/** An answer is as fresh as the request for it, so that the document itself need not end. */
const neverExpires = '2100-01-01T00:00:00Z'

/** Puts files together under a version. */
export function targetSet(files: readonly ConfigFile[], version: number): TargetSet {
  const document: SignedTargets = {
    signatures: [],
    signed: {
      _type: 'targets',
      spec_version: '1.0.0',
      expires: neverExpires,
      version,
      targets: Object.fromEntries(
        files.map(({ path, version: v, sha256, length }) => [path, { custom: { v }, hashes: { sha256 }, length }]),
      ),
      custom: { opaque_backend_state: '' },
    },
  }
  return { version, files, targets: Buffer.from(JSON.stringify(document)).toString('base64') }
}

/** Whether two sets of files are the same for a client. */
export function sameFiles(a: readonly ConfigFile[], b: readonly ConfigFile[]): boolean {
  return (
    a.length === b.length && a.every((file, index) => file.path === b[index]?.path && file.sha256 === b[index].sha256)
  )
}

/** What the client lacks of the set; an empty object when it has all of it. */
export function replyFor(request: ConfigRequest, set: TargetSet): ConfigReply {
  if (request.client.state.targets_version === set.version) return {}
  const cached = new Map(
    request.cached_target_files.map(({ path, hashes }) => [
      path,
      hashes.find(({ algorithm }) => algorithm === 'sha256')?.hash.toLowerCase(),
    ]),
  )
  return {
    client_configs: set.files.map(({ path }) => path),
    targets: set.targets,
    target_files: set.files
      .filter(({ path, sha256 }) => cached.get(path) !== sha256)
      .map(({ path, raw }) => ({ path, raw })),
  }
}

/** What a client can take: files of products that it subscribed to, and of the abilities that it announced. */
export interface Abilities {
  readonly products: ReadonlySet<string>
  readonly customRules: boolean
  readonly exclusions: boolean
  /** Replies other than the plain block. */
  readonly customBlocking: boolean
  /** Rules that put tags on spans. */
  readonly traceTagging: boolean
}

export function abilitiesOf({ client }: ConfigRequest): Abilities {
  const can = announced(client.capabilities)
  const takesCustom = client.products.includes(product.custom)
  return {
    products: new Set(client.products),
    customRules: takesCustom && can(capability.asmCustomRules),
    exclusions: takesCustom && can(capability.asmExclusions) && can(capability.asmExclusionData),
    customBlocking: takesCustom && can(capability.asmCustomBlockingResponse),
    traceTagging: takesCustom && can(capability.asmTraceTaggingRules),
  }
}

/** Whether a client blocks addresses of lists. */
export function canBlock({ client }: ConfigRequest): boolean {
  return client.products.includes(product.data) && announced(client.capabilities)(capability.asmIpBlocking)
}

/** Reads capability bits: big-endian, base64. */
function announced(capabilities: string): (bit: number) => boolean {
  const bits = Buffer.from(capabilities, 'base64')
  return (bit) => {
    const byte = bits[bits.length - 1 - Math.floor(bit / 8)]
    return byte !== undefined && (byte & (1 << (bit % 8))) !== 0
  }
}
