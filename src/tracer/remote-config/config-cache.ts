import { randomUUID } from 'node:crypto'
import { open, rename, unlink } from 'node:fs/promises'
import { contentFault } from './plan-changes.ts'

/** A configuration as it is kept on disk. */
export interface CachedConfig {
  readonly path: string
  readonly version: number
  readonly sha256: string
  readonly length: number
  /** Base64 of the content. */
  readonly raw: string
}

/** Keeps the last good configuration in a file, so that a restart without a collector stays protected. */
export interface ConfigCache {
  /** What was kept; entries that are damaged are left out. Nothing when there is no file. */
  load(): Promise<CachedConfig[]>
  /**
   * Writes the file anew: `fresh`, and of what it holds now those whose path and sha256 are in `keep`.
   * The file is replaced in one step and readable by its owner only.
   */
  save(keep: ReadonlyMap<string, string>, fresh: readonly CachedConfig[]): Promise<void>
}

/** First line of the file; another one means another format. */
const HEADER = JSON.stringify({ portcullis: 'remote configuration', format: 1 })
/** Owner only: the lists name users and addresses. */
const OWNER_ONLY = 0o600

/** A larger file is not one of ours. */
const MAX_FILE_BYTES = 512 * 1024 * 1024

/** One configuration a line, so that neither reading nor writing holds the whole in memory. */
export function openConfigCache(file: string): ConfigCache {
  async function* read(): AsyncGenerator<CachedConfig> {
    const handle = await open(file).catch(() => undefined)
    if (handle === undefined) return
    try {
      if ((await handle.stat()).size > MAX_FILE_BYTES) return
      let known = false
      for await (const line of handle.readLines({ autoClose: false })) {
        const config = known ? readLine(line) : undefined
        if (config !== undefined) yield config
        if (!known && line !== HEADER) return
        known = true
      }
    } finally {
      await handle.close()
    }
  }

  return {
    async load() {
      const configs: CachedConfig[] = []
      for await (const config of read()) configs.push(config)
      return configs
    },
    async save(keep, fresh) {
      const temporary = `${file}.${randomUUID()}.tmp`
      const handle = await open(temporary, 'wx', OWNER_ONLY)
      try {
        await handle.write(`${HEADER}\n`)
        for (const config of fresh) await handle.write(`${JSON.stringify(config)}\n`)
        const written = new Set(fresh.map(({ path }) => path))
        for await (const config of read()) {
          if (keep.get(config.path) !== config.sha256 || written.has(config.path)) continue
          written.add(config.path)
          await handle.write(`${JSON.stringify(config)}\n`)
        }
        await handle.sync()
        await handle.close()
        await rename(temporary, file)
      } catch (error) {
        await handle.close().catch(() => {})
        await unlink(temporary).catch(() => {})
        throw error
      }
    },
  }
}

function readLine(line: string): CachedConfig | undefined {
  try {
    const { path, version, sha256, length, raw } = JSON.parse(line) as Record<string, unknown>
    if (typeof path !== 'string' || typeof version !== 'number' || typeof raw !== 'string') return undefined
    if (typeof sha256 !== 'string' || typeof length !== 'number') return undefined
    const target = { version, sha256, length }
    return contentFault(Buffer.from(raw, 'base64'), target) === undefined ? { path, ...target, raw } : undefined
  } catch {
    return undefined
  }
}
