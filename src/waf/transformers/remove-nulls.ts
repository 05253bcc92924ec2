import type { Transformer } from '../transformer.ts'

/** `remove_nulls`: drops every U+0000. */
export const removeNulls: Transformer<'remove_nulls'> = {
  name: 'remove_nulls',
  aliases: ['removeNulls'],
  triggers: '\0',
  creates: '',
  apply: (value) => (value.includes('\0') ? value.replaceAll('\0', '') : undefined),
}
