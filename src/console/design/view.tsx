import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { isOnline, type ApiError } from '../api/call.ts'
import { Button } from './button.tsx'
import { Icon, type IconName } from './icon.tsx'
import { Note } from './note.tsx'

/** What is shown where there is nothing: why, and what to do. */
export function EmptyState(props: {
  readonly icon?: IconName
  readonly title: string
  readonly children?: ComponentChildren
}): JSX.Element {
  return (
    <div class="state">
      <Icon name={props.icon ?? 'search'} />
      <p class="title">{props.title}</p>
      {props.children}
    </div>
  )
}

/** Loading is not said before this long: most answers come earlier. */
const loadingAfterMs = 150

function Loading(): JSX.Element | null {
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), loadingAfterMs)
    return () => clearTimeout(timer)
  }, [])
  if (!shown) return <div class="skeleton" aria-busy="true" />
  return (
    <div class="skeleton" role="status" aria-busy="true">
      <span style={{ width: '70%' }} />
      <span style={{ width: '45%' }} />
      <span style={{ width: '58%' }} />
      <div class="visually-hidden">Loading</div>
    </div>
  )
}

interface Read<T> {
  readonly data: T | undefined
  readonly error: ApiError | null
  readonly refetch: () => Promise<unknown>
}

/**
 * What was read of the API, in one of its states: loading, failed with a code and a retry, empty, partial (shown with
 * what is missing), or there. What was read last stays while it is read again, also when that fails.
 */
export function View<T>(props: {
  readonly data: Read<T>
  readonly empty?: ((data: T) => ComponentChildren | false) | undefined
  /** What of the whole is missing, if something is. */
  readonly partial?: ((data: T) => string | undefined) | undefined
  readonly children: (data: T) => ComponentChildren
}): JSX.Element {
  const { data: read, empty, partial, children } = props
  const { data, error } = read
  const retry = (
    <Button small onPress={() => read.refetch()}>
      Try again
    </Button>
  )
  if (data === undefined) {
    if (error === null) return <Loading />
    return (
      <EmptyState icon="warn" title={isOnline.value ? 'This could not be read' : 'The collector does not answer'}>
        <p role="alert">
          {error.message} {error.help} <code>{error.code}</code>
        </p>
        {retry}
      </EmptyState>
    )
  }
  const nothing = empty?.(data) ?? false
  const missing = partial?.(data)
  return (
    <>
      {error === null || error.status === 400 ? null : (
        <Note kind="warn">
          <span class="row">
            This is what was read last; reading it again failed: {error.message} <code>{error.code}</code> {retry}
          </span>
        </Note>
      )}
      {missing === undefined ? null : <Note kind="warn">{missing}</Note>}
      {nothing === false ? children(data) : nothing}
    </>
  )
}

/** A part of a page with a heading. */
export function Card(props: {
  readonly title: ComponentChildren
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
  /** Whether the content reaches the edges, as tables do. */
  readonly flush?: boolean
  readonly id?: string
}): JSX.Element {
  return (
    <section class="card" id={props.id}>
      <header>
        <h2>{props.title}</h2>
        <div class="row">{props.actions}</div>
      </header>
      {props.flush === true ? props.children : <div class="inside">{props.children}</div>}
    </section>
  )
}

/** A figure with its name. */
export function Figure(props: {
  readonly label: string
  readonly value: ComponentChildren
  readonly says?: ComponentChildren
  readonly critical?: boolean
}): JSX.Element {
  return (
    <div class={props.critical === true ? 'figure critical' : 'figure'}>
      <div class="label">{props.label}</div>
      <div class="value">{props.value}</div>
      {props.says === undefined ? null : <div class="says">{props.says}</div>}
    </div>
  )
}
