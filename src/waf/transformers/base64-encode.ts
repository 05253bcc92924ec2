import type { Transformer } from '../transformer.ts'

/** `base64_encode`: the base64 of the UTF-8 bytes, standard alphabet, padded (the reference writes `-` for `/`). */
export const base64Encode: Transformer<'base64_encode'> = {
  name: 'base64_encode',
  aliases: ['base64Encode'],
  apply: (value) => (value === '' ? undefined : Buffer.from(value, 'utf8').toString('base64')),
}
