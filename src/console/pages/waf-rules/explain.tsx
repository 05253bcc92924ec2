import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import { useData } from '../../api/use-data.ts'
import { Raw } from '../../design/raw.tsx'
import { Card, View } from '../../design/view.tsx'
import type { Draft } from './draft.ts'
import type { Explained } from './waf-shapes.ts'

const traceId = /^[0-9a-f]{1,32}$/i

/** Why the rule does or does not match one stored request, condition by condition. */
export function Explain({ body, isSound }: { readonly body: Draft; readonly isSound: boolean }): JSX.Element {
  const [trace, setTrace] = useState('')
  const wanted = trace.trim()
  const explained = useData<Explained>({
    key: ['waf-explain', JSON.stringify(body), wanted],
    enabled: isSound && traceId.test(wanted),
    load: (signal) => call('POST', '/api/waf-rules/explain', { rule: body, traceId: wanted }, signal),
  })
  return (
    <Card title="Against one request">
      <div class="stack tight">
        <input
          class="input"
          aria-label="Trace id"
          placeholder="Trace id, from the explorer"
          value={trace}
          onInput={(event) => setTrace(event.currentTarget.value)}
        />
        {!traceId.test(wanted) ? null : (
          <View data={explained}>
            {({ matched, conditions }) => (
              <>
                <p>
                  <span class={`badge ${matched ? 'good' : ''}`}>{matched ? 'matches' : 'does not match'}</span>
                </p>
                <ul class="counted">
                  {conditions.map(({ operator, matched: holds, why, inputs }, index) => (
                    <li key={index}>
                      <span>
                        <code>{operator}</code> on{' '}
                        <Raw
                          text={inputs.map(({ address, keyPath }) => [address, ...keyPath].join(' › ')).join(', ')}
                          max={120}
                        />
                        : <Raw text={why} max={160} />
                      </span>
                      <span class={`badge ${holds ? 'good' : ''}`}>{holds ? 'holds' : 'does not'}</span>
                    </li>
                  ))}
                </ul>
              </>
            )}
          </View>
        )}
      </div>
    </Card>
  )
}
