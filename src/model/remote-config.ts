/**
 * Remote configuration on the wire (`POST /v0.7/config`), as Datadog tracers and agents speak it.
 * Source: spec/tracer.md 2.8.
 */
export const product = {
  features: 'ASM_FEATURES',
  rules: 'ASM_DD',
  custom: 'ASM',
  data: 'ASM_DATA',
} as const
export type Product = (typeof product)[keyof typeof product]

/**
 * Tag in `client_tracer.tags` by which our own tracer is known: it takes whole lists in shards, where a Datadog tracer
 * gets the most recent entries only (spec/tracer.md 1.8).
 */
export const portcullisClientTag = 'portcullis:true'

/** Whether a client took a configuration over: 1 not yet, 2 yes, 3 it failed. */
export const applyState = { unacknowledged: 1, acknowledged: 2, error: 3 } as const

/** Capability bits a client announces, as positions in a big-endian bit field. */
export const capability = {
  asmActivation: 1,
  asmIpBlocking: 2,
  asmDdRules: 3,
  asmExclusions: 4,
  asmRequestBlocking: 5,
  asmResponseBlocking: 6,
  asmUserBlocking: 7,
  asmCustomRules: 8,
  asmCustomBlockingResponse: 9,
  asmTrustedIps: 10,
  asmProcessorOverrides: 16,
  asmCustomDataScanners: 17,
  asmExclusionData: 18,
  asmAutoUserInstrumMode: 31,
  asmEndpointFingerprint: 32,
  asmSessionFingerprint: 33,
  asmNetworkFingerprint: 34,
  asmHeaderFingerprint: 35,
  asmDdMulticonfig: 42,
  asmTraceTaggingRules: 43,
  asmExtendedDataCollection: 44,
} as const

export interface ConfigState {
  readonly id: string
  readonly version: number
  readonly product: string
  readonly apply_state: number
  readonly apply_error?: string
}

export interface CachedTargetFile {
  readonly path: string
  readonly length: number
  readonly hashes: readonly { readonly algorithm: string; readonly hash: string }[]
}

/** Body of the request. */
export interface ConfigRequest {
  readonly client: {
    readonly id: string
    readonly state: {
      readonly root_version: number
      readonly targets_version: number
      readonly config_states: readonly ConfigState[]
      readonly has_error: boolean
      readonly error?: string
      readonly backend_client_state?: string
    }
    readonly products: readonly string[]
    readonly is_tracer: boolean
    readonly client_tracer: {
      readonly runtime_id: string
      readonly language: string
      readonly tracer_version: string
      readonly service: string
      readonly env: string
      readonly app_version?: string
      readonly extra_services?: readonly string[]
      readonly tags?: readonly string[]
    }
    /** Base64 of the capability bits, big-endian, no leading zero bytes ("AA==" for none). */
    readonly capabilities: string
  }
  readonly cached_target_files: readonly CachedTargetFile[]
}

/** Body of the reply; an empty object means that nothing changed. */
export interface ConfigReply {
  readonly client_configs?: readonly string[]
  /** Base64 of a `SignedTargets` document. */
  readonly targets?: string
  readonly target_files?: readonly { readonly path: string; readonly raw: string }[]
}

/**
 * Which files there are, in the shape of a TUF targets role. Nothing is signed (tracers trust their agent), yet some of
 * them decode the document strictly and want every member.
 */
export interface SignedTargets {
  readonly signatures: readonly never[]
  readonly signed: {
    readonly _type: 'targets'
    readonly spec_version: '1.0.0'
    /** ISO 8601 without fractions of a second. */
    readonly expires: string
    readonly version: number
    readonly targets: Readonly<
      Record<
        string,
        {
          readonly custom: { readonly v: number }
          readonly hashes: { readonly sha256: string }
          readonly length: number
        }
      >
    >
    readonly custom: { readonly opaque_backend_state: string }
  }
}

/** One item of a list in `ASM_DATA`; `expiration` in unix seconds, 0 or absent: never ends. */
export interface DataItem {
  readonly value: string
  readonly expiration?: number
}

/** Contents of an `ASM_DATA` file. */
export interface AsmData {
  readonly rules_data?: readonly { readonly id: string; readonly type: string; readonly data: readonly DataItem[] }[]
  readonly exclusion_data?: readonly {
    readonly id: string
    readonly type: string
    readonly data: readonly DataItem[]
  }[]
}

/** Contents of an `ASM_FEATURES` file. */
export interface AsmFeatures {
  readonly asm?: { readonly enabled: boolean }
  readonly auto_user_instrum?: { readonly mode: string }
}
