import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { openListener } from '../../src/collector/listener.ts'
import { systemClock } from '../support/system-clock.ts'

const place = { host: '127.0.0.1', port: 0 }

test('until there is an app, a listener is alive, not ready, and says so', async () => {
  const listener = await openListener({ place, setting: 'CONSOLE_LISTEN', clock: systemClock })
  expect((await fetch(`${listener.url}/healthz`)).status).toBe(200)
  for (const path of ['/readyz', '/api/signals', '/']) {
    const reply = await fetch(`${listener.url}${path}`)
    expect({ path, status: reply.status }).toEqual({ path, status: 503 })
    expect(reply.headers.get('retry-after')).toBe('1')
    expect(await reply.json()).toMatchObject({ code: 'STARTING', status: 503 })
  }
  const app = Fastify()
  app.get('/readyz', async () => ({ status: 'ready' }))
  await listener.serve(app)
  expect(await (await fetch(`${listener.url}/readyz`)).json()).toEqual({ status: 'ready' })
  await app.close()
  await listener.close(1_000)
})

test('a listener that closes lets what is under way finish, and takes nothing new', async () => {
  const listener = await openListener({ place, setting: 'CONSOLE_LISTEN', clock: systemClock })
  const app = Fastify()
  let finish: () => void = () => undefined
  const entered = new Promise<void>((enter) => {
    app.get('/slow', async () => {
      enter()
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      return { done: true }
    })
  })
  await listener.serve(app)
  const slow = fetch(`${listener.url}/slow`)
  await entered
  const closed = listener.close(60_000)
  await expect(fetch(`${listener.url}/slow`)).rejects.toThrow()
  finish()
  expect(await (await slow).json()).toEqual({ done: true })
  await closed
  await app.close()
})

test('what does not finish in time is cut off', async () => {
  const listener = await openListener({ place, setting: 'CONSOLE_LISTEN', clock: systemClock })
  const app = Fastify()
  const entered = new Promise<void>((enter) => {
    app.get('/never', () => {
      enter()
      return new Promise(() => undefined)
    })
  })
  await listener.serve(app)
  const never = expect(fetch(`${listener.url}/never`)).rejects.toThrow()
  await entered
  await listener.close(1)
  await never
})
