/** Maps of so many keys are rare, and listing their keys is most of what they cost. */
const MANY = 1024

let listed: Map<object, readonly string[]> | undefined

/** The keys of an object. Of a large one they are listed once in a run, whoever asks for them. */
export function listKeys(map: object): readonly string[] {
  const known = listed?.get(map)
  if (known !== undefined) return known
  const keys = Object.keys(map)
  if (keys.length > MANY) (listed ??= new Map()).set(map, keys)
  return keys
}

/** Ends what `listKeys` knows; the end of each run, since what it was given may change afterwards. */
export function forgetKeys(): void {
  listed = undefined
}
