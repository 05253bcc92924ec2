import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { DetectionRule } from '../../../model/detection-rule.ts'
import { ApiError, call } from '../../api/call.ts'
import { may } from '../../api/session.ts'
import type { Page } from '../../api/shapes.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { SeverityBadge } from '../../design/badges.tsx'
import { Button } from '../../design/button.tsx'
import { Note } from '../../design/note.tsx'
import { ProblemList } from '../../design/problem-list.tsx'
import { Raw } from '../../design/raw.tsx'
import { toast, toastError } from '../../design/toast.tsx'
import { VersionList } from '../../design/version-list.tsx'
import { Card, View } from '../../design/view.tsx'
import { go } from '../../shell/address.ts'
import type { PageProps } from '../../shell/pages.ts'
import { BackTest } from './back-test.tsx'

const newRule = {
  id: 'my-rule',
  name: 'My rule',
  enabled: true,
  tags: ['category:account_takeover'],
  queries: { failures: { filter: '@appsec.security_activity:business_logic.users.login.failure', aggregate: 'count' } },
  groupBy: ['env', 'service', '@http.client_ip'],
  windowSeconds: 600,
  keepAliveSeconds: 3_600,
  maxSignalSeconds: 86_400,
  method: 'threshold',
  cases: [{ name: 'Many failures', severity: 'low', when: 'failures > 100' }],
  suppress: [],
  message: '{{@http.client_ip}} failed to log in often.',
}

/** One rule: its cases, exceptions, JSON, a back-test on stored traffic, and its versions. */
export function DetectionRulePage({ params }: PageProps): JSX.Element {
  const id = params['id'] ?? ''
  const rule = useData<DetectionRule>({
    key: ['detection-rules', 'one', id],
    enabled: id !== 'new',
    load: (signal) => call('GET', `/api/detection-rules/${encodeURIComponent(id)}`, undefined, signal),
  })
  if (id === 'new') return <Editor key="new" rule={undefined} />
  return <View data={rule}>{(found) => <Editor key={`${found.id} ${found.version}`} rule={found} />}</View>
}

function Editor({ rule }: { readonly rule: DetectionRule | undefined }): JSX.Element {
  const before = JSON.stringify(bare(rule ?? newRule), null, 2)
  const [json, setJson] = useState(before)
  const [problems, setProblems] = useState<readonly { readonly path: string; readonly message: string }[]>([])
  const [exception, setException] = useState('')
  const read = readJson(json)
  const isNew = rule === undefined
  const save = async (body: object): Promise<void> => {
    try {
      const path = isNew ? '/api/detection-rules' : `/api/detection-rules/${encodeURIComponent(rule.id)}`
      const saved = await call<DetectionRule>(isNew ? 'POST' : 'PUT', path, body)
      setProblems([])
      await refresh('detection-rules')
      if (isNew) go(`/detection-rules/${encodeURIComponent(saved.id)}`, { replace: true })
      toast(
        isNew ? 'The rule looks at what comes from now on.' : 'A new version is in force.',
        isNew ? undefined : () => save(bare(rule)),
      )
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      setProblems(error.problems.length > 0 ? error.problems : [{ path: '$', message: error.message }])
    }
  }
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <p class="muted">
            <a href="/detection-rules">Detection rules</a>
          </p>
          <h1>
            <Raw text={rule?.name ?? 'New rule'} max={100} />
          </h1>
        </div>
        {isNew ? null : (
          <a href={`/signals?${new URLSearchParams({ rule: rule.id, state: 'all' }).toString()}`}>Its signals</a>
        )}
      </div>
      <div class="columns wide">
        <div class="stack">
          {isNew ? null : (
            <Card title="Cases, the first that holds counts">
              <ul class="counted">
                {rule.cases.map((one) => (
                  <li key={one.name}>
                    <span>
                      <b>
                        <Raw text={one.name} />
                      </b>
                      <br />
                      <code>
                        <Raw text={one.when} max={200} />
                      </code>
                    </span>
                    <SeverityBadge severity={one.severity} />
                  </li>
                ))}
              </ul>
            </Card>
          )}
          {isNew ? null : (
            <Card title="Exceptions: what it does not look at">
              <div class="stack tight">
                {(rule.suppress ?? []).length === 0 ? <p class="muted">None.</p> : null}
                <ul class="counted">
                  {(rule.suppress ?? []).map((one) => (
                    <li key={one}>
                      <code>
                        <Raw text={one} />
                      </code>
                      <Button
                        small
                        needs="admin"
                        onPress={() =>
                          save({ ...bare(rule), suppress: (rule.suppress ?? []).filter((other) => other !== one) })
                        }
                      >
                        Take out
                      </Button>
                    </li>
                  ))}
                </ul>
                {may('admin') ? (
                  <form
                    class="row"
                    onSubmit={(event) => {
                      event.preventDefault()
                      if (exception.trim() === '') return
                      save({ ...bare(rule), suppress: [...(rule.suppress ?? []), exception.trim()] }).catch(toastError)
                    }}
                  >
                    <input
                      class="input grow"
                      aria-label="Exception"
                      placeholder="@http.client_ip:10.0.0.0/8"
                      value={exception}
                      onInput={(event) => setException(event.currentTarget.value)}
                    />
                    <Button type="submit" disabled={exception.trim() === ''}>
                      Add
                    </Button>
                  </form>
                ) : null}
              </div>
            </Card>
          )}
          <Card title="The rule">
            <div class="stack tight">
              <textarea
                class="input"
                aria-label="The rule as JSON"
                rows={24}
                spellcheck={false}
                readOnly={!may('admin')}
                value={json}
                onInput={(event) => {
                  setJson(event.currentTarget.value)
                  setProblems([])
                }}
              />
              {'problem' in read ? <Note kind="warn">{read.problem}</Note> : null}
              <ProblemList kind="danger" problems={problems} />
              {may('admin') ? (
                <div class="row">
                  <Button
                    look="primary"
                    disabled={'problem' in read || (!isNew && json === before)}
                    onPress={() => ('rule' in read ? save(read.rule) : undefined)}
                  >
                    {isNew ? 'Add the rule' : 'Save a new version'}
                  </Button>
                  {json === before ? null : <Button onPress={() => setJson(before)}>As it was</Button>}
                </div>
              ) : null}
            </div>
          </Card>
        </div>
        <div class="stack">
          <BackTest rule={'rule' in read ? read.rule : undefined} />
          {isNew ? null : <Versions rule={rule} />}
        </div>
      </div>
    </div>
  )
}

function Versions({ rule }: { readonly rule: DetectionRule }): JSX.Element {
  const versions = useData<
    Page<{ readonly rule: DetectionRule; readonly at: string; readonly by: string; readonly deleted: boolean }>
  >({
    key: ['detection-rules', 'versions', rule.id, rule.version],
    load: (signal) => call('GET', `/api/detection-rules/${encodeURIComponent(rule.id)}/versions`, undefined, signal),
  })
  return (
    <Card title="Versions">
      <View data={versions}>
        {({ items }) => (
          <VersionList
            versions={items.map(({ rule: was, at, by, deleted }) => ({
              version: was.version,
              at,
              says: (
                <>
                  {deleted ? 'deleted' : was.enabled ? 'on' : 'off'}, by <Raw text={by} max={40} />
                </>
              ),
            }))}
          />
        )}
      </View>
    </Card>
  )
}

function bare(rule: object): object {
  const { version: _version, ...others } = rule as { readonly version?: number }
  return others
}

function readJson(text: string): { readonly rule: object } | { readonly problem: string } {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { rule: value } : { problem: 'an object is expected' }
  } catch (error) {
    return { problem: (error as Error).message }
  }
}
