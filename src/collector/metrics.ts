/** Labels of a sample, such as `{ code: '400' }`. Their values come from fixed sets, so that there are few series. */
export type Labels = Readonly<Record<string, string>>

export interface Counter {
  add(labels?: Labels, count?: number): void
}

export interface Sample {
  readonly labels?: Labels
  readonly value: number
}

/** What the collector counts about itself, as Prometheus reads it (text format 0.0.4). */
export interface Metrics {
  /** A number that only grows. `name` ends in `_total`. */
  counter(name: string, help: string): Counter
  /** Numbers that are read when asked for. */
  gauge(name: string, help: string, read: () => Promise<readonly Sample[]> | readonly Sample[]): void
  render(): Promise<string>
}

/** Series of one counter; labels beyond are summed up under `other`. */
const maxSeries = 200

export function createMetrics(): Metrics {
  const families: { name: string; help: string; type: string; read: () => Promise<readonly Sample[]> }[] = []

  return {
    counter(name, help) {
      const samples = new Map<string, { labels: Labels; value: number }>()
      families.push({ name, help, type: 'counter', read: async () => [...samples.values()] })
      return {
        add(labels = {}, count = 1) {
          const isNew = !samples.has(JSON.stringify(labels))
          const own = isNew && samples.size >= maxSeries ? otherOf(labels) : labels
          const key = JSON.stringify(own)
          const sample = samples.get(key) ?? { labels: own, value: 0 }
          sample.value += count
          samples.set(key, sample)
        },
      }
    },
    gauge(name, help, read) {
      families.push({ name, help, type: 'gauge', read: async () => read() })
    },
    async render() {
      const parts = await Promise.all(
        families.map(async ({ name, help, type, read }) => {
          const samples = await read().catch(() => [])
          return [
            `# HELP ${name} ${help}`,
            `# TYPE ${name} ${type}`,
            ...samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}`),
          ]
        }),
      )
      return `${parts.flat().join('\n')}\n`
    },
  }
}

function otherOf(labels: Labels): Labels {
  return Object.fromEntries(Object.keys(labels).map((name) => [name, 'other']))
}

function labelText(labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
