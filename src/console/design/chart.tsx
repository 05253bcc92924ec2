import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type UPlot from 'uplot'
import { utc } from '../shell/preferences.ts'
import { count as inWords, moment, shortCount } from '../text/figures.ts'
import { EmptyState } from './view.tsx'

export interface ChartSeries {
  readonly name: string
  /** A custom property of tokens.css, such as `--failure`. */
  readonly color: string
  /** Milliseconds since 1970 and value, oldest first. */
  readonly points: readonly (readonly [number, number])[]
}

interface ChartProps {
  /** What the chart shows, for those who do not see it; the totals are added. */
  readonly label: string
  readonly series: readonly ChartSeries[]
  /** Moments to mark: the onset of an attack, a block. */
  readonly marks?: readonly { readonly atMs: number; readonly says: string }[] | undefined
  readonly height?: number
  /** Stacked bars, or lines for values that do not add up. */
  readonly look?: 'bars' | 'lines'
  /** Drag chooses a stretch of time. */
  readonly onZoom?: ((fromMs: number, toMs: number) => void) | undefined
}

const defaultHeight = 180

/** The one chart: series over time, loaded when there is one to draw. */
export function Chart(props: ChartProps): JSX.Element {
  const { label, series, height = defaultHeight, look = 'bars' } = props
  const plot = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState<number | null>(null)
  const isDark = useDarkness()
  const zoom = useRef(props.onZoom)
  zoom.current = props.onZoom
  const times = [...new Set(series.flatMap(({ points }) => points.map(([ms]) => ms)))].sort((a, b) => a - b)
  const values = series.map(({ points }) => {
    const known = new Map(points)
    return times.map((ms) => known.get(ms) ?? 0)
  })
  const fingerprint = JSON.stringify([
    times,
    values,
    series.map(({ name }) => name),
    props.marks,
    look,
    isDark,
    utc.value,
  ])

  useEffect(() => {
    const frame = plot.current
    if (frame === null || times.length === 0) return
    let drawn: UPlot | undefined
    let isOver = false
    void import('./draw-chart.ts').then(({ drawChart }) => {
      if (isOver) return
      drawn = drawChart(frame, {
        times,
        values,
        series,
        height,
        look,
        marks: props.marks ?? [],
        utc: utc.value,
        onCursor: setAt,
        onZoom: zoom.current === undefined ? undefined : (from, to) => zoom.current?.(from, to),
      })
    })
    return () => {
      isOver = true
      drawn?.destroy()
    }
  }, [fingerprint, height])

  if (times.length === 0) return <EmptyState icon="traces" title="Nothing in this stretch of time" />
  const index = at === null || at >= times.length ? null : at
  const total = (line: readonly number[]): number => line.reduce((sum, value) => sum + value, 0)
  return (
    <figure class="chart" style={{ '--chart-height': `${height}px` }}>
      <div
        class="plot"
        ref={plot}
        role="img"
        aria-label={`${label}: ${series.map(({ name }, own) => `${name} ${inWords(total(values[own] ?? []))}`).join(', ')}`}
      />
      <figcaption class="legend">
        {series.map(({ name, color }, own) => (
          <span key={name} style={{ '--swatch': `var(${color})` }}>
            <i />
            {name}
            <b>{shortCount(index === null ? total(values[own] ?? []) : (values[own]?.[index] ?? 0))}</b>
          </span>
        ))}
        {index === null ? null : <span class="at">{moment(times[index] ?? 0, utc.value)}</span>}
      </figcaption>
    </figure>
  )
}

/** Colours of a canvas do not follow the system by themselves. */
function useDarkness(): boolean {
  const query = matchMedia('(prefers-color-scheme: dark)')
  const [isDark, setDark] = useState(query.matches)
  useEffect(() => {
    const follow = (): void => setDark(query.matches)
    query.addEventListener('change', follow)
    return () => query.removeEventListener('change', follow)
  }, [])
  return isDark
}

/** A course in a table cell: no axes, no words. */
export function Sparkline({
  points,
  color,
}: {
  readonly points: readonly number[]
  readonly color: string
}): JSX.Element {
  const width = 96
  const height = 22
  const highest = Math.max(1, ...points)
  const step = width / Math.max(1, points.length)
  return (
    <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {points.map((value, index) => {
        if (value === 0) return null
        const tall = Math.max(1.5, (value / highest) * height)
        return (
          <rect
            key={index}
            x={index * step}
            y={height - tall}
            width={Math.max(1, step - 1)}
            height={tall}
            fill={`var(${color})`}
          />
        )
      })}
    </svg>
  )
}
