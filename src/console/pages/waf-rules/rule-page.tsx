import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import './waf.css'
import { call } from '../../api/call.ts'
import { may } from '../../api/session.ts'
import { refresh, useData } from '../../api/use-data.ts'
import { Button, Segments } from '../../design/button.tsx'
import { ProblemList } from '../../design/problem-list.tsx'
import { Raw } from '../../design/raw.tsx'
import { Until } from '../../design/time.tsx'
import { toast, toastError } from '../../design/toast.tsx'
import { Card, View } from '../../design/view.tsx'
import { go } from '../../shell/address.ts'
import type { PageProps } from '../../shell/pages.ts'
import type { WafRuleMode } from '../../../model/waf-rule.ts'
import { Explain } from './explain.tsx'
import { emptyDraft, type Draft } from './draft.ts'
import { Preview } from './preview.tsx'
import { RuleForm } from './rule-form.tsx'
import { Versions } from './versions.tsx'
import { modeWords, type Problem, type WafRule } from './waf-shapes.ts'

const steps: readonly WafRuleMode[] = ['draft', 'monitoring', 'blocking', 'disabled']

/** One rule: written as a form or as JSON, tried on stored traffic, and taken step by step to blocking. */
export function WafRulePage({ params }: PageProps): JSX.Element {
  const id = params['id'] ?? ''
  if (id === 'new') return <Editor key="new" rule={undefined} />
  return <Existing key={id} id={id} />
}

function Existing({ id }: { readonly id: string }): JSX.Element {
  const rule = useData<WafRule>({
    key: ['waf-rules', 'one', id],
    load: (signal) => call('GET', `/api/waf-rules/${encodeURIComponent(id)}`, undefined, signal),
  })
  return <View data={rule}>{(found) => <Editor key={found.version} rule={found} />}</View>
}

function Editor({ rule }: { readonly rule: WafRule | undefined }): JSX.Element {
  const [draft, setDraft] = useState<Draft>(rule ?? emptyDraft)
  const [look, setLook] = useState<'form' | 'json'>('form')
  const [json, setJson] = useState('')
  const [jsonProblem, setJsonProblem] = useState<string>()
  const body = bodyOf(draft)
  const checked = useData<{ readonly problems: readonly Problem[] }>({
    key: ['waf-check', JSON.stringify(body)],
    load: (signal) => call('POST', '/api/waf-rules/validate', body, signal),
  })
  const problems = checked.data?.problems ?? []
  const isChanged = JSON.stringify(body) !== JSON.stringify(bodyOf(rule ?? emptyDraft))
  const isSound = problems.length === 0 && jsonProblem === undefined && checked.data !== undefined
  const readJson = (text: string): void => {
    setJson(text)
    try {
      setDraft({ ...emptyDraft, ...(JSON.parse(text) as Draft) })
      setJsonProblem(undefined)
    } catch (error) {
      setJsonProblem((error as Error).message)
    }
  }
  const save = async (): Promise<void> => {
    if (rule === undefined) {
      const made = await call<{ id: string }>('POST', '/api/waf-rules', { ...body, mode: 'draft' })
      await refresh('waf-rules')
      go(`/waf/${encodeURIComponent(made.id)}`, { replace: true })
      toast('The draft is kept. Nothing is sent to tracers yet.')
      return
    }
    await replace(rule, { ...body, mode: rule.mode })
    toast('A new version is in force.', () => replace(rule, { ...bodyOf(rule), mode: rule.mode }))
  }
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <p class="muted">
            <a href="/waf">In-App WAF</a>
          </p>
          <h1>
            <Raw text={rule?.name ?? 'New rule'} max={120} />
          </h1>
        </div>
        {rule === undefined ? null : <ModeSteps rule={rule} disabled={isChanged} />}
      </div>
      <div class="columns wide">
        <Card
          title="What it matches"
          actions={
            <Segments
              label="Edit as"
              options={[
                { value: 'form', says: 'Form' },
                { value: 'json', says: 'JSON' },
              ]}
              value={look}
              onChange={(next) => {
                setJson(JSON.stringify(body, null, 2))
                setJsonProblem(undefined)
                setLook(next)
              }}
            />
          }
        >
          <div class="stack">
            {look === 'form' ? (
              <RuleForm draft={draft} onChange={setDraft} />
            ) : (
              <div class="field">
                <label for="rule-json">The rule, in the public libddwaf format inside</label>
                <textarea
                  id="rule-json"
                  class="input"
                  rows={22}
                  spellcheck={false}
                  value={json}
                  onInput={(event) => readJson(event.currentTarget.value)}
                />
                {jsonProblem === undefined ? null : <span class="wrong">{jsonProblem}</span>}
              </div>
            )}
            <ProblemList kind="warn" problems={isChanged ? problems : []} />
            {may('responder') ? (
              <div class="row">
                <Button look="primary" disabled={!isChanged || !isSound} onPress={save}>
                  {rule === undefined ? 'Keep as a draft' : 'Save a new version'}
                </Button>
                {isChanged && rule !== undefined ? <Button onPress={() => setDraft(rule)}>As it was</Button> : null}
              </div>
            ) : null}
          </div>
        </Card>
        <div class="stack">
          <Preview body={body} isSound={isSound} />
          <Explain body={body} isSound={isSound} />
          {rule === undefined ? null : <Tracers rule={rule} />}
          {rule === undefined ? null : <Versions rule={rule} />}
        </div>
      </div>
    </div>
  )
}

function bodyOf({ name, services, envs, routes, response, endsAt, rule }: Draft): Draft {
  return { name, services, envs, routes, response, endsAt, rule }
}

async function replace({ id }: WafRule, body: object): Promise<void> {
  await call('PUT', `/api/waf-rules/${encodeURIComponent(id)}`, body)
  await refresh('waf-rules')
}

function ModeSteps({ rule, disabled }: { readonly rule: WafRule; readonly disabled: boolean }): JSX.Element {
  const set = async (mode: WafRuleMode): Promise<void> => {
    await call('PATCH', `/api/waf-rules/${encodeURIComponent(rule.id)}`, { mode })
    await refresh('waf-rules', 'mitigations', 'signals')
  }
  if (!may('responder') || disabled) {
    return <span class={`badge ${modeWords[rule.mode].look}`}>{modeWords[rule.mode].says}</span>
  }
  return (
    <div class="row">
      <span class="muted">
        ends <Until at={rule.endsAt} />
      </span>
      <Segments
        label="Mode"
        options={steps.map((value) => ({ value, says: modeWords[value].says }))}
        value={rule.mode}
        onChange={(mode) =>
          void set(mode).then(
            () => toast(`${modeWords[mode].says}: tracers take it over.`, () => set(rule.mode)),
            toastError,
          )
        }
      />
      <Button
        look="quiet"
        onPress={async () => {
          await call('DELETE', `/api/waf-rules/${encodeURIComponent(rule.id)}`)
          await refresh('waf-rules')
          go('/waf')
          toast('The rule is deleted.', async () => {
            await call('POST', '/api/waf-rules', { ...bodyOf(rule), mode: rule.mode })
            await refresh('waf-rules')
          })
        }}
      >
        Delete
      </Button>
    </div>
  )
}

function Tracers({ rule }: { readonly rule: WafRule }): JSX.Element {
  return (
    <Card title="Tracers">
      {rule.tracers.length === 0 ? (
        <p class="muted">
          {rule.inForce ? 'No tracer of its services is connected.' : 'It is sent to no tracer in this mode.'}
        </p>
      ) : (
        <ul class="counted">
          {rule.tracers.map(({ clientId, service, env, kind, state, error }) => (
            <li key={clientId}>
              <span>
                <Raw text={`${service} / ${env}`} /> <span class="muted">{kind}</span>
                {error === null || error === '' ? null : (
                  <>
                    : <Raw text={error} />
                  </>
                )}
              </span>
              <span class={`badge ${state === 'applied' ? 'good' : state === 'refused' ? 'critical' : ''}`}>
                {state}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
