import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/call.ts'
import type { SeenService } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Segments } from '../../design/button.tsx'
import { Code } from '../../design/code.tsx'
import { Icon } from '../../design/icon.tsx'
import { Card } from '../../design/view.tsx'
import { termText } from '../traces/edit-query.ts'

const frameworks = [
  { value: 'express', says: 'Express' },
  { value: 'fastify', says: 'Fastify' },
  { value: 'datadog', says: 'dd-trace' },
] as const
type Framework = (typeof frameworks)[number]['value']

const install = 'npm install portcullis'
const code: Readonly<Record<Framework, string>> = {
  express: `import { portcullis } from 'portcullis/express'
import { trackLoginFailure, trackLoginSuccess } from 'portcullis'

app.use(portcullis()) // first: everything after it is watched

// where people log in:
trackLoginFailure(login, accountExists)
const decision = trackLoginSuccess(login, user.id)
if (decision.blocked) return decision.respond(res)`,
  fastify: `import { portcullis } from 'portcullis/fastify'
import { trackLoginFailure, trackLoginSuccess } from 'portcullis'

await app.register(portcullis)

// where people log in:
trackLoginFailure(login, accountExists)
const decision = trackLoginSuccess(login, user.id)
if (decision.blocked) return decision.respond(reply)`,
  datadog: `// dd-trace stays as it is: point it at the collector
DD_APPSEC_ENABLED=true
DD_REMOTE_CONFIGURATION_ENABLED=true
DD_TRACE_AGENT_URL=http://<collector>:8126`,
}
const askMs = 2_000
const agentPort = 8126

/** Guides through connecting a service: waits for each step to be seen, and says what is missing. */
export function SetUp({ services }: { readonly services: readonly SeenService[] }): JSX.Element {
  const [name, setName] = useState('')
  const [framework, setFramework] = useState<Framework>('express')
  const wanted = name.trim()
  const service = services.find((one) => one.name === wanted)
  const logins = useData<number>({
    key: ['spans', 'set-up', wanted],
    enabled: service !== undefined,
    everyMs: askMs,
    load: async (signal) => {
      const query = `${termText('service', wanted)} @appsec.security_activity:business_logic.users.login.*`
      const body = { query, from: 'now-24h', to: 'now', limit: 1 }
      return (await call<{ spans: readonly unknown[] }>('POST', '/api/spans/search', body, signal)).spans.length
    },
  })
  const isSeen = (service?.spans ?? 0) > 0
  const hasTracer = service?.tracers.some(({ connected }) => connected) === true
  const run = `APPSEC_ENABLED=true SERVICE=${wanted || 'shop'} TRACE_AGENT_URL=http://${location.hostname}:${agentPort} node app.js`
  return (
    <Card title="Set up a service">
      <ol class="set-up">
        <Step done={wanted !== ''} title="Name it">
          <div class="row">
            <input
              class="input"
              aria-label="Name of the service"
              placeholder="shop"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
            <Segments label="Framework" options={frameworks} value={framework} onChange={setFramework} />
          </div>
        </Step>
        <Step done={hasTracer || isSeen} title={framework === 'datadog' ? 'Point it here' : 'Install and mount it'}>
          {framework === 'datadog' ? null : <Code text={install} />}
          <Code text={code[framework]} />
        </Step>
        <Step done={hasTracer || isSeen} title="Start it">
          <Code text={framework === 'datadog' ? `DD_SERVICE=${wanted || 'shop'} node app.js` : run} />
          <p class="muted small">
            Behind a proxy, say which ones you trust: <code>TRUSTED_PROXIES=10.0.0.0/8</code>. Otherwise the address of
            every client is the proxy’s, and nothing can be blocked by it.
          </p>
        </Step>
        <Step done={isSeen} title="The first request is seen">
          <p class="muted" role="status">
            {wanted === ''
              ? 'Name the service first.'
              : isSeen
                ? `${wanted} sends.`
                : hasTracer
                  ? 'The tracer is connected; nobody has called the service yet.'
                  : `Waiting for ${wanted} … If it runs already: does SERVICE say “${wanted}”, and can it reach port ${agentPort} of the collector? npx portcullis doctor says.`}
          </p>
        </Step>
        <Step done={(logins.data ?? 0) > 0} title="The first login is seen">
          <p class="muted" role="status">
            {(logins.data ?? 0) > 0
              ? 'Logins arrive: detection is on.'
              : isSeen
                ? 'Requests arrive, and no login event: log in once. If nothing comes, the login calls are missing where people log in.'
                : 'Comes after the first request.'}
          </p>
          {service?.findings.map(({ code: finding, says }) => (
            <p key={finding} class="finding">
              <Icon name="warn" />
              <span>{says}</span>
            </p>
          ))}
        </Step>
      </ol>
    </Card>
  )
}

function Step(props: {
  readonly done: boolean
  readonly title: string
  readonly children: ComponentChildren
}): JSX.Element {
  return (
    <li class={props.done ? 'done' : ''}>
      <h3>
        {props.title}
        {props.done ? <span class="visually-hidden"> (done)</span> : null}
      </h3>
      {props.children}
    </li>
  )
}
