import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** How a receiver answers, in turn; the last one stays. `hang`: never; `reset`: cuts the connection. */
export type Answer = number | 'hang' | 'reset' | { readonly status: number; readonly headers: Record<string, string> }

/** A real HTTP server that notes what it is sent. */
export interface HttpReceiver {
  readonly url: string
  readonly port: number
  readonly received: readonly Received[]
  /** Only what was answered with 2xx. */
  readonly accepted: readonly Received[]
  answer(...answers: readonly Answer[]): void
  close(): Promise<void>
}

export async function startHttpReceiver(port = 0): Promise<HttpReceiver> {
  const received: Received[] = []
  const accepted: Received[] = []
  let answers: readonly Answer[] = [200]
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const seen = { path: request.url ?? '', headers: request.headers, body }
      received.push(seen)
      const [answer = 200] = answers
      if (answers.length > 1) answers = answers.slice(1)
      if (typeof answer === 'number' && answer < 300) accepted.push(seen)
      give(answer, response, request.socket)
    })
  })
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    received,
    accepted,
    answer: (...next) => void (answers = next),
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

function give(answer: Answer, response: ServerResponse, socket: Socket): void {
  if (answer === 'hang') return
  if (answer === 'reset') socket.resetAndDestroy()
  else if (typeof answer === 'number') response.writeHead(answer).end('ok')
  else response.writeHead(answer.status, answer.headers).end()
}
