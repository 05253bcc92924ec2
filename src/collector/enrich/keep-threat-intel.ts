import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../model/clock.ts'
import { fail } from '../../model/error.ts'
import type { Outbound } from '../outbound.ts'
import { keepRecentlyRemoved, putBackWithinMs } from '../recently-removed.ts'
import type { AuditEntry, State, ThreatIntelRecord } from '../state/state.ts'
import { threatIntelList, type ThreatIntelList } from './threat-intel.ts'
import { parseThreatIntelCsv } from './threat-intel-csv.ts'

/** A list of a million rows is about 60 MB. */
const maxListBytes = 256 * 1024 * 1024
const maxLists = 100
const fetchTimeoutMs = 120_000
const lookEveryMs = 60_000
/** What a list is called that can still be put back; none outlives the process that removed it. */
const removedEnding = '.removed'

/** What a person wants of a list: a content, or an address that it comes from. */
export interface ThreatIntelChange {
  readonly csv?: string
  readonly url?: string | null
  readonly refreshHours?: number | null
  readonly enabled?: boolean
}

/** A list as it is: those of the THREAT_INTEL setting are not changed here. */
export type ShownList = Omit<ThreatIntelRecord, 'id'> & {
  readonly name: string
  readonly source: 'upload' | 'url' | 'file'
}

/** The threat-intel lists in force: uploaded, fetched, or named by the configuration. */
export interface ThreatIntelLists {
  /** The largest content that a list may have. */
  readonly maxBytes: number
  list(): readonly ShownList[]
  /** Rejects with NOT_FOUND. */
  find(name: string): ShownList
  /** Makes or changes a list. Rejects with REQUEST_INVALID, OUTBOUND_REFUSED, CONFLICT for a name of the configuration. */
  put(name: string, change: ThreatIntelChange, author: string): Promise<ShownList>
  /** Fetches a list anew. Rejects when it cannot be fetched or read; the old content stays. */
  refresh(name: string, author: string): Promise<ShownList>
  remove(name: string, author: string): Promise<void>
  /** Puts a removed list back, its rows too: within ten minutes. Rejects with NOT_FOUND, CONFLICT. */
  putBack(name: string, author: string): Promise<ShownList>
  stop(): void
}

interface Held {
  record: ThreatIntelRecord
  list: ThreatIntelList | undefined
}

/**
 * Keeps the lists: contents in `<dir>/threat-intel`, what is known of them in the state, all of them in memory for
 * `apply`, which is called whenever one changes.
 */
export async function keepThreatIntel(options: {
  readonly dir: string
  readonly state: State
  readonly clock: Clock
  readonly outbound: Outbound
  /** The lists of the configuration. */
  readonly configured: readonly ThreatIntelList[]
  readonly apply: (lists: readonly ThreatIntelList[]) => void
  readonly onError: (error: unknown, name: string) => void
}): Promise<ThreatIntelLists> {
  const { state, clock, outbound, configured, apply, onError } = options
  const dir = join(options.dir, 'threat-intel')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const held = new Map<string, Held>()
  let turn: Promise<unknown> = Promise.resolve()
  let stopped = false
  let cancel: () => void = () => undefined

  const removed = keepRecentlyRemoved<ThreatIntelRecord>(() => clock.nowMs())
  const fileOf = (name: string): string => join(dir, `${name}.csv`)
  const removedFileOf = (name: string): string => `${fileOf(name)}${removedEnding}`
  for (const name of await readdir(dir)) if (name.endsWith(removedEnding)) await rm(join(dir, name))
  const applyAll = (): void =>
    apply([...configured, ...[...held.values()].flatMap(({ record, list }) => (record.enabled ? (list ?? []) : []))])

  for (const record of await state.documents('threatIntel')) {
    const entry: Held = { record, list: undefined }
    held.set(record.id, entry)
    try {
      if (record.updatedAt !== null) entry.list = read(record.id, await readFile(fileOf(record.id), 'utf8'))
    } catch (error) {
      onError(error, record.id)
    }
  }
  applyAll()

  /** One change at a time, in the order of the calls. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const own = turn.then(work)
    turn = own.catch(() => undefined)
    return own
  }

  async function write(
    record: ThreatIntelRecord,
    csv: string | undefined,
    audit: Pick<AuditEntry, 'by' | 'action'>,
  ): Promise<ShownList> {
    const before = held.get(record.id)
    let { list } = before ?? { list: undefined }
    let after = record
    const at = new Date(clock.nowMs()).toISOString()
    if (csv !== undefined) {
      list = read(record.id, csv)
      await writeFile(`${fileOf(record.id)}.new`, csv, { mode: 0o600 })
      await rename(`${fileOf(record.id)}.new`, fileOf(record.id))
      after = { ...record, size: list.size, updatedAt: at, lastError: null }
    }
    await state.commit({
      documents: [{ kind: 'threatIntel', put: after }],
      audit: [{ at, ...audit, subject: record.id, before: before?.record ?? null, after }],
    })
    held.set(record.id, { record: after, list })
    applyAll()
    return shown(after)
  }

  async function fetched(url: string): Promise<string> {
    const answer = await outbound.call({
      url,
      method: 'GET',
      headers: { accept: 'text/csv' },
      timeoutMs: fetchTimeoutMs,
      maxAnswerBytes: maxListBytes,
    })
    if (answer.status !== 200) throw fail('REQUEST_INVALID', 'url', `answers ${answer.status}`)
    if (answer.cut) throw fail('PAYLOAD_TOO_LARGE', maxListBytes)
    return answer.body.toString('utf8')
  }

  function heldNamed(name: string): Held {
    const found = held.get(name)
    if (found === undefined) throw fail('NOT_FOUND', `threat-intel list ${name}`)
    return found
  }

  const refresh = (name: string, author: string): Promise<ShownList> =>
    inTurn(async () => {
      const { record } = heldNamed(name)
      if (record.url === null) throw fail('REQUEST_INVALID', 'url', `the list ${name} was uploaded; it has none`)
      try {
        return await write(record, await fetched(record.url), { by: author, action: 'threat-intel.refresh' })
      } catch (error) {
        const failed = {
          ...record,
          lastError: (error as Error).message,
          triedAt: new Date(clock.nowMs()).toISOString(),
        }
        await state.commit({ documents: [{ kind: 'threatIntel', put: failed }] })
        heldNamed(name).record = failed
        throw error
      }
    })

  function look(): void {
    const nowMs = clock.nowMs()
    const due = [...held.values()].filter(({ record }) => isDue(record, nowMs)).map(({ record }) => record.id)
    void Promise.all(
      due.map((name) => refresh(name, 'portcullis').catch((error: unknown) => onError(error, name))),
    ).then(schedule)
  }
  function schedule(): void {
    if (!stopped) cancel = clock.after(lookEveryMs, look)
  }
  schedule()

  return {
    maxBytes: maxListBytes,
    list: () => [...configured.map(ofConfiguration), ...[...held.values()].map(({ record }) => shown(record))],
    find(name) {
      const own = configured.find((list) => list.name === name)
      return own === undefined ? shown(heldNamed(name).record) : ofConfiguration(own)
    },
    put: (name, { csv, ...change }, author) =>
      inTurn(async () => {
        if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(name)) {
          throw fail('REQUEST_INVALID', 'name', 'is lower-case letters, digits, - and _, at most 64')
        }
        if (configured.some((list) => list.name === name)) {
          throw fail('CONFLICT', `the list ${name} comes from the setting THREAT_INTEL`)
        }
        const before = held.get(name)?.record
        if (before === undefined && held.size >= maxLists) throw fail('CONFLICT', `there are ${maxLists} lists already`)
        const record = { ...(before ?? newRecord(name)), ...change }
        if (record.url !== null) outbound.check(record.url)
        if (before === undefined && csv === undefined && record.url === null) {
          throw fail('REQUEST_INVALID', 'csv', 'a new list has a content, or a url that it comes from')
        }
        const isNewUrl = record.url !== null && record.url !== before?.url
        const content = csv ?? (isNewUrl ? await fetched(record.url ?? '') : undefined)
        const action = before === undefined ? 'threat-intel.add' : 'threat-intel.set'
        return write(record, content, { by: author, action })
      }),
    refresh,
    remove: (name, author) =>
      inTurn(async () => {
        const { record } = heldNamed(name)
        const at = new Date(clock.nowMs()).toISOString()
        await state.commit({
          documents: [{ kind: 'threatIntel', delete: name }],
          audit: [{ at, by: author, action: 'threat-intel.remove', subject: name, before: record, after: null }],
        })
        held.delete(name)
        applyAll()
        removed.keep(name, record)
        if (record.updatedAt !== null) await rename(fileOf(name), removedFileOf(name))
        clock.after(putBackWithinMs + 1, () => {
          if (!removed.has(name)) rm(removedFileOf(name), { force: true }).catch((error) => onError(error, name))
        })
      }),
    putBack: (name, author) =>
      inTurn(async () => {
        if (held.has(name)) throw fail('CONFLICT', `there is a list ${name} again`)
        const record = removed.take(name)
        if (record === undefined) throw fail('NOT_FOUND', `a list ${name} that was removed within ten minutes`)
        const csv = record.updatedAt === null ? undefined : await readFile(removedFileOf(name), 'utf8')
        const back = await write(record, csv, { by: author, action: 'threat-intel.undo' })
        await rm(removedFileOf(name), { force: true })
        return back
      }),
    stop() {
      stopped = true
      cancel()
    },
  }
}

/** Throws REQUEST_INVALID: a list with one bad row is refused, so that nobody relies on half of it. */
function read(name: string, csv: string): ThreatIntelList {
  return threatIntelList(name, parseThreatIntelCsv(csv), (item) => {
    throw fail('REQUEST_INVALID', 'ip_address', `"${item.slice(0, 100)}" is neither an address nor a CIDR block`)
  })
}

function newRecord(id: string): ThreatIntelRecord {
  return { id, url: null, refreshHours: null, enabled: true, size: 0, updatedAt: null, triedAt: null, lastError: null }
}

function isDue({ url, refreshHours, enabled, updatedAt, triedAt }: ThreatIntelRecord, nowMs: number): boolean {
  if (url === null || refreshHours === null || !enabled) return false
  const lastMs = Math.max(Date.parse(updatedAt ?? '1970-01-01'), Date.parse(triedAt ?? '1970-01-01'))
  return nowMs - lastMs >= refreshHours * 3_600_000
}

function shown({ id, ...record }: ThreatIntelRecord): ShownList {
  return { name: id, source: record.url === null ? 'upload' : 'url', ...record }
}

function ofConfiguration({ name, size }: ThreatIntelList): ShownList {
  const { id: _id, ...record } = newRecord(name)
  return { name, source: 'file', ...record, size }
}
