import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { csvRow } from '../csv.ts'
import type { Page, PageRequest } from '../state/state.ts'
import { pageOf, type PageQuery } from './paging.ts'

/** Rows that a CSV reads at once: every page finds its beginning anew. */
const rowsAtOnce = 20_000

export const formatQuery = {
  format: { enum: ['json', 'csv'], default: 'json', description: 'csv: the whole list, as a stream' },
} as const

export type ListQuery = PageQuery & { readonly format?: 'json' | 'csv' }

/** How a list becomes a table: the heading of each column, and its text for an item. */
export type Columns<T> = Readonly<Record<string, (item: T) => string | number | boolean | null>>

/** A page of a list as JSON, or with `format=csv` the whole of it, streamed page by page in constant memory. */
export async function sendList<T>(
  reply: FastifyReply,
  query: ListQuery,
  list: {
    readonly name: string
    /** `asOfNow`: not from what was read for somebody before. */
    readonly read: (page: PageRequest & { readonly asOfNow?: boolean }) => Promise<Page<T>>
    readonly columns: Columns<T>
  },
): Promise<FastifyReply> {
  if (query.format !== 'csv') return reply.send(await list.read(pageOf(query)))
  // The first page is read before the headers go out, so that an error is still a problem with its status.
  const first = await list.read({ limit: rowsAtOnce, asOfNow: true })
  return sendCsv(reply, list.name, csvOf(list, first))
}

export function sendCsv(reply: FastifyReply, name: string, lines: AsyncIterable<string | Uint8Array>): FastifyReply {
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}.csv"`)
    .send(Readable.from(lines, { objectMode: false }))
}

async function* csvOf<T>(
  { columns, read }: { readonly columns: Columns<T>; readonly read: (page: PageRequest) => Promise<Page<T>> },
  first: Page<T>,
): AsyncGenerator<string> {
  yield csvRow(Object.keys(columns))
  let page = first
  for (;;) {
    const rows = page.items.map((item) => csvRow(Object.values(columns).map((cell) => String(cell(item) ?? ''))))
    if (rows.length > 0) yield rows.join('')
    if (page.next === null) return
    page = await read({ limit: rowsAtOnce, cursor: page.next })
  }
}
