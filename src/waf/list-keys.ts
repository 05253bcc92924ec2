/** Maps of so many keys are rare, and listing their keys is most of what they cost. */
const MANY = 1024

let listed: Map<object, readonly string[]> | undefined
/** The map listed last: several ask for the keys of the same headers. */
let lastMap: object | undefined
let lastKeys: readonly string[] = []

/** The keys of an object. Those of a large one, and of the last one, are listed once in a run, whoever asks for them. */
export function listKeys(map: object): readonly string[] {
  if (map === lastMap) return lastKeys
  const known = listed?.get(map)
  if (known !== undefined) return known
  const keys = Object.keys(map)
  if (keys.length > MANY) (listed ??= new Map()).set(map, keys)
  lastMap = map
  lastKeys = keys
  return keys
}

/** Ends what `listKeys` knows; the end of each run, since what it was given may change afterwards. */
export function forgetKeys(): void {
  listed = undefined
  lastMap = undefined
  lastKeys = []
}
