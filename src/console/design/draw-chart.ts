import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { shortCount } from '../text/figures.ts'
import type { ChartSeries } from './chart.tsx'

interface Drawing {
  readonly times: readonly number[]
  readonly values: readonly (readonly number[])[]
  readonly series: readonly ChartSeries[]
  readonly height: number
  readonly look: 'bars' | 'lines'
  readonly marks: readonly { readonly atMs: number; readonly says: string }[]
  readonly utc: boolean
  readonly onCursor: (index: number | null) => void
  readonly onZoom: ((fromMs: number, toMs: number) => void) | undefined
}

const barShare = 0.84
const labelFont = '11px ui-sans-serif, system-ui, sans-serif'
/** Of a stretch as long as this, the axis names minutes at least. */
const minutesFromMs = 480_000
/** A drag shorter than this is a click. */
const minDragPx = 4

/** Draws into an element, and keeps to its width. */
export function drawChart(frame: HTMLElement, drawing: Drawing): UPlot {
  const { times, series, look, utc } = drawing
  const color = readColors(frame)
  const markColor = color('--danger')
  const ground = color('--surface')
  const dateOf = (ms: number): Date => (utc ? UPlot.tzDate(new Date(ms), 'UTC') : new Date(ms))
  const stacked = look === 'bars' ? stack(drawing.values) : drawing.values
  const stepMs = times.length > 1 ? Math.min(...times.slice(1).map((ms, index) => ms - (times[index] ?? 0))) : 60_000
  const bars = UPlot.paths.bars?.({ size: [barShare, 40], align: 1, gap: 0 })

  // The bar at the back is the sum of all: series are drawn from the last to the first.
  const lines = series
    .map(({ name, color: token }, index) => ({ name, token, index }))
    .reverse()
    .map(({ name, token }): UPlot.Series => ({
      label: name,
      stroke: color(token),
      points: { show: false },
      ...(look === 'bars'
        ? { fill: color(token), width: 0, ...(bars === undefined ? {} : { paths: bars }) }
        : { width: 1.5 }),
    }))
  const axis = {
    stroke: color('--muted'),
    font: labelFont,
    ticks: { show: false },
    grid: { stroke: color('--line'), width: 1 },
  }
  const chart: UPlot = new UPlot(
    {
      width: Math.max(120, frame.clientWidth),
      height: drawing.height,
      ms: 1,
      legend: { show: false },
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: drawing.onZoom !== undefined, y: false, setScale: false, dist: minDragPx },
      },
      scales: {
        x: { time: true, range: (_plot, min, max) => [min, look === 'bars' ? max + stepMs : max] },
        y: { range: (_plot, _min, max) => [0, niceTop(max)] },
      },
      tzDate: dateOf,
      series: [{}, ...lines],
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 26,
          // Labels with seconds are longer.
          space: (_plot, _axis, min, max) => (max - min < minutesFromMs ? 72 : 52),
          values: (_plot, splits, _axis, _space, stepMs) => clockLabels(dateOf, splits, stepMs),
        },
        {
          ...axis,
          size: 46,
          space: 36,
          values: (_plot, splits) => splits.map((value) => (value % 1 === 0 ? shortCount(value) : '')),
        },
      ],
      hooks: {
        setCursor: [(plot) => drawing.onCursor(plot.cursor.idx ?? null)],
        setSelect: [
          (plot) => {
            if (plot.select.width < minDragPx) return
            const from = plot.posToVal(plot.select.left, 'x')
            const to = plot.posToVal(plot.select.left + plot.select.width, 'x')
            drawing.onZoom?.(Math.floor(from), Math.ceil(to))
          },
        ],
        draw: [(plot) => drawMarks(plot, drawing.marks, markColor, ground)],
      },
    },
    [[...times], ...[...stacked].reverse().map((line) => [...line])],
    frame,
  )
  const observer = new ResizeObserver(() =>
    chart.setSize({ width: Math.max(120, frame.clientWidth), height: drawing.height }),
  )
  observer.observe(frame)
  const destroy = chart.destroy.bind(chart)
  chart.destroy = () => {
    observer.disconnect()
    destroy()
  }
  return chart
}

/** Each line on top of those before it. */
function stack(values: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const sums: number[][] = []
  for (const line of values) {
    const below = sums.at(-1)
    sums.push(line.map((value, index) => value + (below?.[index] ?? 0)))
  }
  return sums
}

/** Resolves tokens, light-dark() included, to what a canvas takes. */
function readColors(frame: HTMLElement): (token: string) => string {
  const probe = document.createElement('span')
  frame.append(probe)
  const found = new Map<string, string>()
  queueMicrotask(() => probe.remove())
  return (token) => {
    const known = found.get(token)
    if (known !== undefined) return known
    probe.style.color = `var(${token})`
    const value = getComputedStyle(probe).color
    found.set(token, value)
    return value
  }
}

function niceTop(max: number): number {
  if (max <= 4) return 4
  const power = 10 ** Math.floor(Math.log10(max))
  return ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= max) ?? 10) * power
}

/** Hours and minutes; the day where it begins, seconds where steps are that small. */
function clockLabels(dateOf: (ms: number) => Date, splits: readonly number[], stepMs: number): string[] {
  let day = -1
  return splits.map((ms) => {
    const date = dateOf(ms)
    const two = (value: number): string => String(value).padStart(2, '0')
    const isNewDay = date.getDate() !== day
    const isFirst = day === -1
    day = date.getDate()
    const clock = `${two(date.getHours())}:${two(date.getMinutes())}${stepMs < 60_000 ? `:${two(date.getSeconds())}` : ''}`
    const named = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' }).format(date)
    if (stepMs >= 86_400_000) return named
    return isNewDay && !isFirst ? named : clock
  })
}

function drawMarks(plot: UPlot, marks: Drawing['marks'], color: string, ground: string): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  ctx.save()
  ctx.font = `600 ${11 * ratio}px ui-sans-serif, system-ui, sans-serif`
  ctx.strokeStyle = color
  ctx.fillStyle = color
  ctx.textAlign = 'left'
  ctx.textBaseline = 'alphabetic'
  ctx.lineWidth = ratio
  // Of marks close to each other, the later ones say theirs a line lower.
  let line = 0
  let takenTo = Number.NEGATIVE_INFINITY
  for (const { atMs, says } of marks.toSorted((a, b) => a.atMs - b.atMs)) {
    const x = Math.round(plot.valToPos(atMs, 'x', true))
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.setLineDash([4 * ratio, 3 * ratio])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    const width = ctx.measureText(says).width
    const isLeft = x + width + 8 * ratio > bbox.left + bbox.width
    const from = isLeft ? x - width - 5 * ratio : x + 5 * ratio
    line = from < takenTo ? line + 1 : 0
    takenTo = from + width + 5 * ratio
    const base = bbox.top + (11 + line * 13) * ratio
    // Bars may reach up to where the words stand.
    ctx.fillStyle = ground
    ctx.fillRect(from - 2 * ratio, base - 10 * ratio, width + 4 * ratio, 13 * ratio)
    ctx.fillStyle = color
    ctx.fillText(says, from, base)
  }
  ctx.restore()
}
