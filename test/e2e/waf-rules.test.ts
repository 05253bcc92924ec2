import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCollectorProcess, temporaryDirectory, type CollectorProcess } from '../support/collector-process.ts'
import { eventually } from '../support/eventually.ts'

/** Runs on the build (dist/): managed rules in services that know nothing of them, with either tracer. */
const directory = temporaryDirectory()
let collector: CollectorProcess
const within = { withinMs: 12_000 }

beforeAll(async () => {
  collector = await startCollectorProcess(directory.path)
}, 60_000)
afterAll(async () => {
  await collector.stop()
  directory.remove()
})

describe.each(['dd-trace', 'portcullis'])('in a service with %s', (tracer) => {
  const service = `plain-${tracer}`
  let app: ChildProcess
  let url: string

  beforeAll(async () => {
    app = spawn(process.execPath, ['test/e2e/apps/plain-login.cjs'], {
      env: {
        ...process.env,
        TRACER: tracer,
        APP_NAME: service,
        DD_TRACE_AGENT_URL: collector.agentUrl,
        DD_APPSEC_ENABLED: 'true',
        DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS: '0.2',
        DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    url = await new Promise((resolve) => {
      createInterface({ input: app.stdout! }).on('line', (line) => {
        const [, port] = /^listening (\d+)/.exec(line) ?? []
        if (port) resolve(`http://127.0.0.1:${port}`)
      })
    })
  }, 60_000)
  afterAll(() => {
    app.kill('SIGKILL')
  })

  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(new URL(path, url), { redirect: 'manual', ...init })
  const logIn = (username: string, password: string, agent = 'browser/1.0'): Promise<Response> =>
    call('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': agent, 'x-forwarded-for': '198.51.100.7' },
      body: JSON.stringify({ username, password }),
    })

  async function addFromTemplate(template: string, values: object, over: object): Promise<readonly any[]> {
    const filled = await collector.api('POST', `/api/waf-rules/templates/${template}`, { values })
    expect(filled.status).toBe(200)
    const added: any[] = []
    for (const rule of filled.body.rules) {
      const { status, body } = await collector.api('POST', '/api/waf-rules', { ...rule, services: [service], ...over })
      expect(status, JSON.stringify(body)).toBe(201)
      added.push(body)
    }
    return added
  }

  async function applied(id: string): Promise<void> {
    await eventually(
      async () => {
        const { body } = await collector.api('GET', `/api/waf-rules/${id}`)
        return body.tracers.length > 0 && body.tracers.every(({ state }: any) => state === 'applied') ? true : undefined
      },
      { says: 'the tracer applying the rule', ...within },
    )
  }

  test('logins are reported by rules alone, with the login that was typed', async () => {
    const [success, failure] = await addFromTemplate(
      'tag-login',
      { pathPattern: '/login', failureStatus: '401' },
      { mode: 'monitoring' },
    )
    await applied(success.id)
    await applied(failure.id)
    expect((await logIn(`mia-${tracer}`, 'wrong')).status).toBe(401)
    expect((await logIn(`mia-${tracer}`, 'right')).status).toBe(200)
    const found = await eventually(
      async () => {
        const { body } = await collector.api('POST', '/api/spans/search', {
          query: `service:${service} @appsec.security_activity:business_logic.users.login.* @appsec.events_data.usr.login:mia-${tracer}`,
          from: 'now-10m',
        })
        return body.spans.length === 2 ? body.spans : undefined
      },
      { says: 'both login events', ...within },
    )
    const activities = found.flatMap(({ attributes }: any) => attributes['appsec.security_activity'])
    expect(activities.toSorted()).toEqual(['business_logic.users.login.failure', 'business_logic.users.login.success'])
  })

  test('a rule monitors, then blocks with its own reply, and lets everyone in again once disabled', async () => {
    const agent = `evil-bot/${tracer}`
    const [rule] = await addFromTemplate(
      'block-user-agent',
      { userAgent: agent, pathPattern: '/login' },
      { mode: 'monitoring' },
    )
    await applied(rule.id)
    expect((await logIn('bob', 'wrong', agent)).status).toBe(401)
    await eventually(
      async () => {
        const { body } = await collector.api('POST', '/api/spans/search', {
          query: `service:${service} @appsec.rules:${rule.id} -@appsec.blocked:true`,
          from: 'now-10m',
        })
        return body.spans.length > 0 ? true : undefined
      },
      { says: 'the event of the rule', ...within },
    )
    const replaced = await collector.api('PUT', `/api/waf-rules/${rule.id}`, {
      ...rule,
      mode: 'blocking',
      response: { redirect: '/blocked', status: 302 },
    })
    expect(replaced.status, JSON.stringify(replaced.body)).toBe(200)
    const stopped = await eventually(
      async () => {
        const reply = await logIn('bob', 'wrong', agent)
        return reply.status === 401 ? undefined : reply
      },
      { says: 'the block', ...within },
    )
    expect([stopped.status, stopped.headers.get('location')]).toEqual([302, '/blocked'])
    expect((await logIn('bob', 'wrong')).status).toBe(401)
    expect((await call('/', { headers: { 'user-agent': agent } })).status).toBe(200)
    expect((await collector.api('PATCH', `/api/waf-rules/${rule.id}`, { mode: 'disabled' })).status).toBe(200)
    await eventually(async () => ((await logIn('bob', 'wrong', agent)).status === 401 ? true : undefined), {
      says: 'the end of the block',
      ...within,
    })
  })

  test('the denylist answers as the service says, and the kill switch lets everyone in at once', async () => {
    const ip = tracer === 'dd-trace' ? '203.0.113.70' : '203.0.113.71'
    const visit = (): Promise<Response> => call('/', { headers: { 'x-forwarded-for': ip } })
    const answers = (status: number, says: string): Promise<Response> =>
      eventually(
        async () => {
          const reply = await visit()
          return reply.status === status ? reply : undefined
        },
        { says, ...within },
      )
    expect((await visit()).status).toBe(200)
    expect((await collector.api('POST', '/api/denylist', { kind: 'ip', value: ip, forSeconds: 600 })).status).toBe(201)
    await answers(403, 'the block page')
    const setReply = (denylistReply: unknown): Promise<{ status: number }> =>
      collector.api('PATCH', `/api/services/${service}`, { denylistReply })
    expect((await setReply({ status: 404, type: 'json' })).status).toBe(200)
    expect((await answers(404, 'a status of its own')).headers.get('content-type')).toContain('json')
    expect((await setReply({ redirect: '/blocked' })).status).toBe(200)
    expect((await answers(303, 'a redirection')).headers.get('location')).toBe('/blocked')
    expect((await setReply({ login_failure: { status: 401, type: 'json' } })).status).toBe(200)
    const fallback = await answers(401, 'the fallback of a failed login that was never seen')
    expect(fallback.headers.get('content-type')).toContain('json')
    expect((await setReply(null)).status).toBe(200)
    await answers(403, 'the block page again')
    expect((await collector.api('PATCH', '/api/settings', { blocking: false })).status).toBe(200)
    await answers(200, 'the kill switch')
    expect((await collector.api('PATCH', '/api/settings', { blocking: true })).status).toBe(200)
    await answers(403, 'the block once blocking is on again')
  })
})
