import type { JSX } from 'preact'
import type { ClusterAttribute } from '../../../model/cluster.ts'
import { Raw } from '../../design/raw.tsx'
import { attributeName, attributeTest } from './cluster-words.ts'

/** What the requests of a cluster have in common, a line each. */
export function Attributes({ attributes }: { readonly attributes: readonly ClusterAttribute[] }): JSX.Element {
  return (
    <ul class="cluster-attributes">
      {attributes.map((one, index) => (
        <li key={index}>
          <AttributeLine attribute={one} />
        </li>
      ))}
    </ul>
  )
}

export function AttributeLine({ attribute }: { readonly attribute: ClusterAttribute }): JSX.Element {
  const { says, text } = attributeTest(attribute)
  return (
    <>
      <Raw text={attributeName(attribute.attribute)} max={60} /> <b>{says}</b>{' '}
      {text === '' ? null : (
        <code>
          <Raw text={text} max={90} />
        </code>
      )}
    </>
  )
}
