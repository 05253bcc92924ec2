import type { JSX } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { complete, completionContext, tokenize, type Completion, type Observed } from '../../../query/query.ts'
import { call, pathOf } from '../../api/call.ts'
import { useData } from '../../api/use-data.ts'
import { Button } from '../../design/button.tsx'
import type { TimeRange } from '../../text/typed-time.ts'
import { readQuery } from './edit-query.ts'
import type { ObservedFacet } from './use-facets.ts'

interface QueryBarProps {
  readonly query: string
  readonly onChange: (query: string) => void
  readonly facets: readonly ObservedFacet[]
  readonly range: TimeRange
}

const shownCompletions = 12
const maxValues = 30

/**
 * The query as text, with completion of fields, operators and observed values. A query that is wrong is underlined
 * where it is, and stays out of the address: the last good result stays.
 */
export function QueryBar({ query, onChange, facets, range }: QueryBarProps): JSX.Element {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const mirror = useRef<HTMLDivElement>(null)
  const [text, setText] = useState(query)
  const [cursor, setCursor] = useState(query.length)
  const [isOpen, setOpen] = useState(false)
  const [chosen, setChosen] = useState(-1)
  useLayoutEffect(() => setText(query), [query])
  // What is selected once a completion stands in the input: a key that comes up before reads the cursor of the old text.
  const selecting = useRef<Completion['selection'] | null>(null)
  useLayoutEffect(() => {
    const selection = selecting.current
    if (selection === null) return
    selecting.current = null
    input.current?.setSelectionRange(selection.start, selection.end)
    setCursor(selection.end)
  })

  const values = useValues(text, cursor, isOpen, range)
  const offered = isOpen ? complete(text, cursor, { facets, values }).slice(0, shownCompletions) : []
  const read = readQuery(text)
  const problem = 'problem' in read ? read.problem : undefined
  const isAsking = text !== query

  const submit = (wanted: string): void => {
    setOpen(false)
    setChosen(-1)
    if (!('problem' in readQuery(wanted))) onChange(wanted.trim())
  }
  const take = ({ text: whole, selection, kind }: Completion): void => {
    setText(whole)
    setChosen(-1)
    setCursor(selection.end)
    setOpen(kind !== 'value')
    selecting.current = selection
    input.current?.focus()
  }
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const current = offered[chosen]
    if (step !== 0) {
      event.preventDefault()
      if (!isOpen) setOpen(true)
      else setChosen(Math.max(-1, Math.min(offered.length - 1, chosen + step)))
    } else if ((event.key === 'Enter' || event.key === 'Tab') && current !== undefined) {
      event.preventDefault()
      take(current)
    } else if (event.key === 'Enter') submit(input.current?.value ?? text)
    else if (event.key === 'Escape') {
      if (isOpen) event.stopPropagation()
      if (isOpen) setOpen(false)
      else input.current?.blur()
    }
  }
  const follow = (): void => {
    setCursor(input.current?.selectionStart ?? 0)
    if (mirror.current !== null && input.current !== null) mirror.current.scrollLeft = input.current.scrollLeft
  }
  return (
    <div class="query-bar">
      <div class="query-field">
        <div class="query-mirror" ref={mirror} aria-hidden="true">
          <Highlighted text={text} problem={problem} />
        </div>
        <input
          ref={input}
          class="input query-input"
          data-key="/"
          role="combobox"
          aria-label="Query"
          aria-expanded={offered.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={chosen < 0 ? undefined : `${id}-${chosen}`}
          aria-invalid={problem !== undefined && isAsking}
          aria-describedby={`${id}-problem`}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          placeholder="All spans. Type a field, a value, a word"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value)
            setOpen(true)
            setChosen(-1)
            follow()
          }}
          onKeyDown={onKey}
          onKeyUp={follow}
          onScroll={follow}
          onClick={() => {
            follow()
            setOpen(true)
          }}
          onBlur={() => setOpen(false)}
        />
        <div
          class="completions"
          role="listbox"
          id={`${id}-list`}
          aria-label="Completions"
          hidden={offered.length === 0}
        >
          {offered.map((one, index) => (
            <div
              key={`${one.kind}${one.label}`}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === chosen}
              class={`completion ${one.kind}`}
              onMouseDown={(event) => {
                event.preventDefault()
                take(one)
              }}
            >
              <span class="label">{one.label}</span>
              <span class="muted small">{one.detail}</span>
            </div>
          ))}
        </div>
      </div>
      <Button look={isAsking ? 'primary' : 'plain'} onPress={() => submit(text)} disabled={problem !== undefined}>
        Search
      </Button>
      <p id={`${id}-problem`} class="query-problem" role="status">
        {problem === undefined || !isAsking ? null : (
          <>
            {problem.message}
            {problem.suggestion === undefined ? null : (
              <Button
                small
                look="quiet"
                onPress={() => {
                  const mended =
                    text.slice(0, problem.position) + problem.suggestion + text.slice(problem.position + problem.length)
                  setText(mended)
                  submit(mended)
                }}
              >
                Use “{problem.suggestion}”
              </Button>
            )}
          </>
        )}
      </p>
    </div>
  )
}

function Highlighted(props: {
  readonly text: string
  readonly problem: { readonly position: number; readonly length: number } | undefined
}): JSX.Element {
  const { text, problem } = props
  return (
    <>
      {tokenize(text).map(({ kind, start, end }) => {
        const isWrong =
          problem !== undefined && start < problem.position + Math.max(1, problem.length) && end > problem.position
        const look = kind === 'field' ? 'name' : /^[a-z]+$/.test(kind) ? kind : 'sign'
        return (
          <span key={start} class={`token ${look} ${isWrong ? 'wrong' : ''}`}>
            {text.slice(start, end)}
          </span>
        )
      })}
      {problem !== undefined && problem.position >= text.length && text !== '' ? (
        <span class="token wrong"> </span>
      ) : null}
    </>
  )
}

/** Observed values of the field at the cursor. */
function useValues(text: string, cursor: number, isOpen: boolean, range: TimeRange): NonNullable<Observed['values']> {
  const context = completionContext(text, cursor)
  const facet = context.expects === 'value' ? context.facet : ''
  const found = useData<{ readonly items: NonNullable<Observed['values']> }>({
    key: ['spans', 'values', facet, range.from, range.to, ''],
    enabled: isOpen && facet !== '',
    load: (signal) =>
      call(
        'GET',
        pathOf(`/api/spans/facets/${encodeURIComponent(facet)}/values`, { ...range, limit: maxValues }),
        undefined,
        signal,
      ),
  })
  return facet === '' ? [] : (found.data?.items ?? [])
}
