import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { fail } from '../model/error.ts'
import { readControl, type Control } from './control-file.ts'

/**
 * Calls the API of the collector that runs on a data directory: whoever can read that directory may. Over TLS its
 * certificate has to be the one that it named there, whoever signed it and for whatever host.
 * Rejects with COLLECTOR_NOT_RUNNING, and with CONFLICT when the collector refuses.
 */
export async function callCollector(
  dir: string,
  call: { readonly method: string; readonly path: string; readonly body?: unknown },
): Promise<unknown> {
  const control = readControl(dir)
  let reply: { readonly status: number; readonly content: unknown }
  try {
    reply = await send(control, call)
  } catch {
    // The file is left over from a process that was killed.
    throw fail('COLLECTOR_NOT_RUNNING', dir)
  }
  if (reply.status === 401) throw fail('COLLECTOR_NOT_RUNNING', dir)
  if (reply.status >= 400) {
    const { detail } = (reply.content ?? {}) as { readonly detail?: string }
    throw fail('CONFLICT', detail ?? `the collector answered ${reply.status}`)
  }
  return reply.content
}

async function send(
  { consoleUrl, token, certificateSha256 }: Control,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body?: unknown },
): Promise<{ readonly status: number; readonly content: unknown }> {
  const url = new URL(path, consoleUrl)
  const socket = url.protocol === 'https:' ? await trusted(url, certificateSha256) : undefined
  const text = body === undefined ? undefined : JSON.stringify(body)
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest(
      {
        host: url.hostname,
        port: url.port,
        path: url.pathname,
        method,
        headers: {
          host: url.host,
          connection: 'close',
          authorization: `Bearer ${token}`,
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
        ...(socket === undefined ? {} : { createConnection: () => socket }),
      },
      resolve,
    )
    request.on('error', reject)
    request.end(text)
  })
  const parts: Buffer[] = []
  for await (const part of reply) parts.push(part as Buffer)
  return { status: reply.statusCode ?? 500, content: JSON.parse(Buffer.concat(parts).toString()) }
}

/** A connection whose other end has the certificate; nothing is sent before that is known. */
function trusted(url: URL, certificateSha256: string | undefined): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { host: url.hostname, port: Number(url.port === '' ? 443 : url.port), rejectUnauthorized: false }
    const socket = connectTls(options, () => {
      if (certificateSha256 !== undefined && socket.getPeerCertificate().fingerprint256 === certificateSha256) {
        resolve(socket)
        return
      }
      socket.destroy()
      reject(new Error('the certificate is another one'))
    })
    socket.on('error', reject)
  })
}
