import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from '@tanstack/virtual-core'
import type { RefObject } from 'preact'
import { useLayoutEffect, useReducer, useState } from 'preact/hooks'

/** Rows made above and below those in sight. */
const overscan = 12
/** Shorter lists are made whole: nothing is gained by less. */
const wholeUpTo = 60

/** Which of `count` rows of one height are in sight of a frame that scrolls. */
export function useWindow(
  frame: RefObject<HTMLElement | null>,
  count: number,
  rowPx: number,
): {
  readonly start: number
  readonly end: number
  readonly widthPx: number
  readonly scrollTo: (index: number) => void
} {
  const [, redraw] = useReducer((made: number) => made + 1, 0)
  const [widthPx, setWidth] = useState(0)
  const options: VirtualizerOptions<HTMLElement, HTMLElement> = {
    count,
    estimateSize: () => rowPx,
    getScrollElement: () => frame.current,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    overscan,
    onChange: () => redraw(undefined),
  }
  const [virtualizer] = useState(() => new Virtualizer(options))
  virtualizer.setOptions(options)
  useLayoutEffect(() => virtualizer._didMount(), [])
  useLayoutEffect(() => virtualizer._willUpdate())
  // Before the first paint, so that columns without room are not seen to go.
  useLayoutEffect(() => {
    const element = frame.current
    if (element === null || typeof ResizeObserver === 'undefined') return
    setWidth(element.clientWidth)
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const items = count <= wholeUpTo ? [] : virtualizer.getVirtualItems()
  const whole = count <= wholeUpTo
  return {
    start: whole ? 0 : (items[0]?.index ?? 0),
    end: whole ? count : (items.at(-1)?.index ?? Math.min(count, wholeUpTo) - 1) + 1,
    widthPx,
    scrollTo: (index) => virtualizer.scrollToIndex(index, { align: 'auto' }),
  }
}
