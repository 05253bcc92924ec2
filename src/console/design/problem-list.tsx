import type { JSX } from 'preact'
import { Note } from './note.tsx'

/** What is wrong with something written as JSON, each with its path; nothing where all is well. */
export function ProblemList(props: {
  readonly kind: 'warn' | 'danger'
  readonly problems: readonly { readonly path: string; readonly message: string }[]
}): JSX.Element | null {
  const { kind, problems } = props
  if (problems.length === 0) return null
  return (
    <Note kind={kind}>
      <ul>
        {problems.map(({ path, message }) => (
          <li key={path + message}>
            <code>{path}</code> {message}
          </li>
        ))}
      </ul>
    </Note>
  )
}
