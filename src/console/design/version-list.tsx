import type { ComponentChildren, JSX } from 'preact'
import { Time } from './time.tsx'

/** What something was, version by version. */
export function VersionList(props: {
  readonly versions: readonly {
    readonly version: number | undefined
    readonly at: string
    readonly says: ComponentChildren
  }[]
}): JSX.Element {
  return (
    <ol class="counted">
      {props.versions.map(({ version, at, says }) => (
        <li key={`${version} ${at}`}>
          <span>
            {version}: {says}
          </span>
          <span class="muted">
            <Time at={at} />
          </span>
        </li>
      ))}
    </ol>
  )
}
