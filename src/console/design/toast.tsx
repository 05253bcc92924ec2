import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { ApiError } from '../api/call.ts'

interface Toast {
  readonly id: number
  readonly text: string
  readonly isError: boolean
  readonly undo: (() => Promise<unknown>) | undefined
}

const toasts = signal<readonly Toast[]>([])
/** Long enough to read it and to reach the button, by keyboard too. */
const shownMs = 10_000
const maxShown = 4
let made = 0

/** Says that something was done, and offers to take it back. */
export function toast(text: string, undo?: () => Promise<unknown>): void {
  show({ text, isError: false, undo })
}

/** Says why something was not done. */
export function toastError(error: unknown): void {
  const text = error instanceof ApiError ? `${error.message} (${error.code})` : (error as Error).message
  show({ text, isError: true, undo: undefined })
}

function show(wanted: Omit<Toast, 'id'>): void {
  const id = ++made
  toasts.value = [...toasts.value, { id, ...wanted }].slice(-maxShown)
  setTimeout(() => dismiss(id), shownMs)
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id)
}

/** Where toasts appear: above everything, told to screen readers. */
export function Toasts(): JSX.Element {
  const frame = useRef<HTMLDivElement>(null)
  const shown = toasts.value
  useEffect(() => {
    // Shown anew, so that it lies above a dialog that was opened since.
    frame.current?.hidePopover()
    if (shown.length > 0) frame.current?.showPopover()
  }, [shown])
  return (
    <div class="toasts" popover="manual" ref={frame} role="status" aria-live="polite">
      {shown.map((one) => (
        <div key={one.id} class={one.isError ? 'toast error' : 'toast'}>
          <span class="grow">{one.text}</span>
          {one.undo === undefined ? null : (
            <button
              type="button"
              onClick={() => {
                dismiss(one.id)
                one.undo?.().then(() => toast('Taken back.'), toastError)
              }}
            >
              Undo
            </button>
          )}
          <button type="button" aria-label="Dismiss" onClick={() => dismiss(one.id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  )
}
