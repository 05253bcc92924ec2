/** Headers that have a place of their own in the header fingerprint, in its order (spec/detection.md 2.2.1). */
export const fingerprintHeaders: readonly string[] = [
  'referer',
  'connection',
  'accept-encoding',
  'content-encoding',
  'cache-control',
  'te',
  'accept-charset',
  'content-type',
  'accept',
  'accept-language',
]
