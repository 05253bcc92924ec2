import type { JSX } from 'preact'
import { Button } from '../../design/button.tsx'
import { Note } from '../../design/note.tsx'
import { addresses, conditionObject, operators, readCondition, type Condition, type Draft } from './draft.ts'

interface FormProps {
  readonly draft: Draft
  readonly onChange: (draft: Draft) => void
}

const replies = [
  ['block', 'The plain block page'],
  ['login_failure', 'A failed login, as the service shows it'],
] as const
const newCondition: Condition = { operator: 'exact_match', address: addresses[0], keyPath: '', values: '' }

/** A rule as a form: what most rules say. What says more is edited as JSON. */
export function RuleForm({ draft, onChange }: FormProps): JSX.Element {
  const { name, services, routes, response, rule } = draft
  const conditions = rule.conditions
  const setConditions = (next: readonly unknown[]): void => onChange({ ...draft, rule: { ...rule, conditions: next } })
  const text = (label: string, value: string, hint: string, set: (value: string) => Partial<Draft>): JSX.Element => (
    <div class="field">
      <label for={`rule-${label}`}>{label}</label>
      <input
        id={`rule-${label}`}
        class="input"
        value={value}
        onChange={(event) => onChange({ ...draft, ...set(event.currentTarget.value) })}
      />
      <span class="hint">{hint}</span>
    </div>
  )
  return (
    <div class="stack">
      {text('Name', name, 'What it stops, for those who look at it later', (value) => ({ name: value }))}
      <div class="columns">
        {text('Services', services.join(', '), 'Separated by commas; empty: all', (value) => ({
          services: listOf(value),
        }))}
        {text(
          'Routes',
          routes.map(({ method, pathPattern }) => [method, pathPattern].filter(Boolean).join(' ')).join(', '),
          'Such as POST /login, /api/:version/login; empty: all',
          (value) => ({ routes: listOf(value).map(routeOf) }),
        )}
      </div>
      <fieldset class="stack tight conditions">
        <legend>All of these hold</legend>
        {conditions.map((one, index) => {
          const condition = readCondition(one)
          const set = (change: Partial<Condition>): void =>
            setConditions(conditions.with(index, conditionObject({ ...newCondition, ...condition, ...change })))
          return (
            <div key={index} class="condition">
              {condition === undefined ? (
                <Note>This condition says more than the form can: see it as JSON.</Note>
              ) : (
                <ConditionFields condition={condition} onChange={set} />
              )}
              <Button
                small
                look="quiet"
                icon="close"
                label="Remove the condition"
                disabled={conditions.length === 1}
                onPress={() => setConditions(conditions.toSpliced(index, 1))}
              />
            </div>
          )
        })}
        <div>
          <Button small icon="plus" onPress={() => setConditions([...conditions, conditionObject(newCondition)])}>
            Condition
          </Button>
        </div>
      </fieldset>
      <div class="field">
        <label for="rule-reply">A stopped request gets</label>
        <select
          id="rule-reply"
          class="input"
          value={typeof response === 'string' ? response : 'other'}
          onChange={(event) => {
            const chosen = replies.find(([value]) => value === event.currentTarget.value)
            if (chosen !== undefined) onChange({ ...draft, response: chosen[0] })
          }}
        >
          {replies.map(([value, says]) => (
            <option key={value} value={value}>
              {says}
            </option>
          ))}
          {typeof response === 'string' ? null : <option value="other">As the JSON says</option>}
        </select>
      </div>
    </div>
  )
}

function ConditionFields(props: {
  readonly condition: Condition
  readonly onChange: (change: Partial<Condition>) => void
}): JSX.Element {
  const { condition, onChange } = props
  const { operator, address, keyPath, values } = condition
  return (
    <>
      <select
        class="input"
        aria-label="Address"
        value={address}
        onChange={(event) => onChange({ address: event.currentTarget.value })}
      >
        {[...new Set([address, ...addresses])].map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      <input
        class="input"
        aria-label="Key"
        placeholder="key, such as user-agent"
        value={keyPath}
        onChange={(event) => onChange({ keyPath: event.currentTarget.value.trim() })}
      />
      <select
        class="input"
        aria-label="Operator"
        value={operator}
        onChange={(event) => onChange({ operator: event.currentTarget.value })}
      >
        {operators.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      {operator.endsWith('exists') ? null : (
        <textarea
          class="input"
          rows={2}
          aria-label={operator === 'match_regex' ? 'Pattern' : 'Values, one a line'}
          placeholder={operator === 'match_regex' ? 'A pattern' : 'Values, one a line'}
          value={values}
          onChange={(event) => onChange({ values: event.currentTarget.value })}
        />
      )}
    </>
  )
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function routeOf(text: string): Draft['routes'][number] {
  const [first = '', second] = text.split(/\s+/)
  return second === undefined ? { pathPattern: first } : { method: first.toUpperCase(), pathPattern: second }
}
