/** A named list of `rules_data` or `exclusion_data`, merged over configurations; membership ends with the expiration. */
export interface DataSet {
  readonly id: string
  /** Whether some configuration gives it; a condition on a list that none gives does not hold, nor does its negation. */
  readonly isGiven: boolean
  /** Strings of a `data_with_expiration` list: case-sensitive equality. */
  hasString(value: string, nowSeconds: number): boolean
  /** Addresses of an `ip_with_expiration` list: the address lies in a listed network. */
  hasAddress(value: string, nowSeconds: number): boolean
}
