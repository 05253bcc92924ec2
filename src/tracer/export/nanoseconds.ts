/** Milliseconds since 1970, with fractions, as whole nanoseconds: a double has no room for them. */
export function nanoseconds(milliseconds: number): bigint {
  const whole = Math.floor(milliseconds)
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((milliseconds - whole) * 1e6))
}
