import { createHash } from 'node:crypto'
import type { ConfigDelivery, Target } from './read-reply.ts'

/** A configuration this client knows: what it is, and whether it was taken over. */
export interface KnownConfig {
  readonly path: string
  readonly product: string
  readonly id: string
  readonly version: number
  readonly sha256: string
  readonly length: number
  readonly applyState: number
  readonly applyError: string
}

/** A configuration whose content is new. */
export interface FetchedConfig {
  readonly kind: 'added' | 'changed'
  readonly path: string
  readonly product: string
  readonly id: string
  readonly target: Target
  readonly content: () => Buffer
}

export interface ChangePlan {
  readonly removed: readonly KnownConfig[]
  /** Added ones first, in the order of the reply. */
  readonly fetched: readonly FetchedConfig[]
}

const pathPattern = /^(?:datadog\/\d+|employee)\/([^/]+)\/([^/]+)\/[^/]+$/

/**
 * What a reply changes: paths that went, and paths whose sha256 is another. Throws, with nothing changed, when the reply
 * is not complete in itself. Source: spec/tracer.md 2.8.
 */
export function planChanges(known: ReadonlyMap<string, KnownConfig>, delivery: ConfigDelivery): ChangePlan {
  const { targets, files } = delivery
  if (delivery.paths === undefined && targets === undefined) return { removed: [], fetched: [] }
  const paths = new Set(delivery.paths ?? [])
  const removed = [...known.values()].filter(({ path }) => !paths.has(path))
  const added: FetchedConfig[] = []
  const changed: FetchedConfig[] = []
  if (targets === undefined) return { removed, fetched: [] }
  for (const path of paths) {
    const target = targets.byPath.get(path)
    if (target === undefined) throw new Error(`Unable to find target for path ${path}`)
    const current = known.get(path)
    if (current?.sha256 === target.sha256) continue
    const content = files.get(path)
    if (content === undefined) throw new Error(`Unable to find file for path ${path}`)
    const { product, id } = parsePath(path)
    if (current === undefined) added.push({ kind: 'added', path, product, id, target, content })
    else changed.push({ kind: 'changed', path, product, id, target, content })
  }
  return { removed, fetched: [...added, ...changed] }
}

/** Product and configuration id of a path. Throws when it is not one. */
export function parsePath(path: string): { readonly product: string; readonly id: string } {
  const match = pathPattern.exec(path)
  if (match?.[1] === undefined || match[2] === undefined) throw new Error(`Unable to parse path ${path}`)
  return { product: match[1], id: match[2] }
}

/** Why the bytes are not what the target promises, or undefined when they are. */
export function contentFault(content: Buffer, target: Target): string | undefined {
  if (content.length !== target.length) return `the content has ${content.length} bytes instead of ${target.length}`
  const sha256 = createHash('sha256').update(content).digest('hex')
  return sha256 === target.sha256 ? undefined : 'the content does not have the promised sha256'
}
