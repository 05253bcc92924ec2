import type { Transformer } from '../transformer.ts'

/** `lowercase`: A to Z become a to z; letters outside ASCII stay as they are. */
export const lowercase: Transformer<'lowercase'> = {
  name: 'lowercase',
  aliases: [],
  triggers: '',
  creates: '',
  apply(value) {
    if (!/[A-Z]/.test(value)) return undefined
    if (!/[\u0080-\uffff]/.test(value)) return value.toLowerCase()
    return value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  },
}
