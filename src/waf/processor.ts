import type { Scanner } from './scanner.ts'

/**
 * Makes one address or attribute out of others (fingerprints, schemas, decoded tokens).
 * `inputs` names the parameters of a mapping, of which one that must be text and is none counts as missing; `generate` takes them in this order, missing ones as undefined.
 */
export interface Processor<Name extends string = string> {
  /** The name in `generator`. */
  readonly name: Name
  readonly inputs: readonly { readonly name: string; readonly required: boolean; readonly isText?: true }[]
  /** Whether a later run may replace the value once more inputs have arrived (fingerprints with optional inputs). */
  readonly regenerates: boolean
  generate(inputs: readonly unknown[], scanners: readonly Scanner[]): unknown
}
