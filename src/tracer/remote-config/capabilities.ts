import { capability, product } from '../../model/remote-config.ts'

/** What a client asks the collector for: products it takes, and what it can do with them. */
export interface Subscription {
  readonly products: readonly string[]
  /** Base64 of the capability bits. */
  readonly capabilities: string
}

/** Capabilities of a running In-App WAF and denylist. */
const wafCapabilities = [
  capability.asmIpBlocking,
  capability.asmDdRules,
  capability.asmExclusions,
  capability.asmRequestBlocking,
  capability.asmResponseBlocking,
  capability.asmUserBlocking,
  capability.asmCustomRules,
  capability.asmCustomBlockingResponse,
  capability.asmTrustedIps,
  capability.asmProcessorOverrides,
  capability.asmCustomDataScanners,
  capability.asmExclusionData,
  capability.asmEndpointFingerprint,
  capability.asmSessionFingerprint,
  capability.asmNetworkFingerprint,
  capability.asmHeaderFingerprint,
  capability.asmDdMulticonfig,
  capability.asmTraceTaggingRules,
  capability.asmExtendedDataCollection,
] as const

/** Bits as the protocol has them: big-endian, no leading zero bytes, base64; "AA==" for none. */
export function encodeCapabilities(bits: Iterable<number>): string {
  let mask = 0n
  for (const bit of bits) mask |= 1n << BigInt(bit)
  const hex = mask.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64')
}

/**
 * What to subscribe to. `local`: the setting APPSEC_ENABLED (undefined lets the collector decide);
 * `running`: whether the WAF runs now; `ownRules`: a local rules file leaves remote rules and lists alone.
 */
export function subscriptionFor(state: {
  readonly local: boolean | undefined
  readonly running: boolean
  readonly ownRules: boolean
}): Subscription {
  if (state.local === false) return { products: [], capabilities: encodeCapabilities([]) }
  const bits: number[] = [capability.asmAutoUserInstrumMode]
  const products: string[] = [product.features]
  if (state.local === undefined) bits.push(capability.asmActivation)
  if (state.running && !state.ownRules) {
    bits.push(...wafCapabilities)
    products.push(product.custom, product.rules, product.data)
  }
  return { products, capabilities: encodeCapabilities(bits) }
}
