/** The value of a hexadecimal digit given as a UTF-16 unit, or -1. */
export function hexValue(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30
  const letter = unit | 0x20
  return letter >= 0x61 && letter <= 0x66 && unit < 0x80 ? letter - 0x57 : -1
}
