import type { JSX } from 'preact'
import type { DetectionRule } from '../../../model/detection-rule.ts'
import { call } from '../../api/call.ts'
import { may } from '../../api/session.ts'
import type { Signal } from '../../api/shapes.ts'
import { refresh } from '../../api/use-data.ts'
import { Raw } from '../../design/raw.tsx'
import { View } from '../../design/view.tsx'
import { useReport } from './answers.tsx'

/** The filter that would have kept the rule silent about a false positive, for an administrator to choose. */
export function Suppression(props: {
  readonly signal: Signal
  readonly chosen: string | undefined
  readonly onChoose: (filter: string | undefined) => void
}): JSX.Element {
  const { signal, chosen, onChoose } = props
  const report = useReport(signal)
  return (
    <View data={report}>
      {({ suggestedSuppression: filter }) =>
        filter === null ? (
          <p class="muted">No filter is narrow enough to keep the rule silent about this alone.</p>
        ) : (
          <div class="field">
            {may('admin') ? (
              <label class="row">
                <input
                  type="checkbox"
                  checked={chosen === filter}
                  onChange={(event) => onChoose(event.currentTarget.checked ? filter : undefined)}
                />
                Keep the rule silent about its like from now on
              </label>
            ) : (
              <span class="label">An administrator can keep the rule silent about its like</span>
            )}
            <code>
              <Raw text={filter} max={300} />
            </code>
          </div>
        )
      }
    </View>
  )
}

/** Adds a filter to the exceptions of a rule; returns what takes it out again. */
export async function suppress(ruleId: string, filter: string): Promise<() => Promise<void>> {
  const path = `/api/detection-rules/${encodeURIComponent(ruleId)}`
  const change = async (to: (filters: readonly string[]) => readonly string[]): Promise<void> => {
    const { version: _version, ...rule } = await call<DetectionRule>('GET', path)
    await call('PUT', path, { ...rule, suppress: to(rule.suppress ?? []) })
    await refresh('detection-rules')
  }
  await change((filters) => [...filters.filter((one) => one !== filter), filter])
  return () => change((filters) => filters.filter((one) => one !== filter))
}
