import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PeerAndHeaders } from '../../net/client-ip.ts'

/** Waits for one request, as the service would get it through its proxies, and answers it. */
export async function receiveRequest(options: {
  readonly port: number
  readonly listening: (port: number) => void
  readonly signal: AbortSignal
}): Promise<PeerAndHeaders> {
  const server = createServer()
  try {
    return await new Promise((resolve, reject) => {
      server.on('error', reject)
      options.signal.addEventListener('abort', () => reject(new Error('no request came in time')), { once: true })
      server.on('request', (request, response) => {
        response
          .writeHead(200, { 'content-type': 'text/plain', connection: 'close' })
          .end('portcullis doctor saw this request\n')
        response.on('close', () => resolve({ headers: request.headers, socket: request.socket.remoteAddress }))
      })
      server.listen(options.port, () => options.listening((server.address() as AddressInfo).port))
    })
  } finally {
    server.close()
    server.closeAllConnections()
  }
}
