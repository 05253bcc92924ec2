import { product } from '../../model/remote-config.ts'
import type { Product } from '../../model/remote-config.ts'
import type { ManagedWafRule } from '../../model/waf-rule.ts'
import type { GlobalSettings, ServiceSettings, State } from '../state/state.ts'
import type { Changes } from '../state/state.ts'
import type { ConfigFile } from './config-file.ts'
import { featuresFor } from './features.ts'
import { everyNetwork, killSwitchExclusion, listRules } from './list-rules.ts'
import { listContent } from './lists.ts'
import type { WireListId } from './lists.ts'
import { denylistReply, denylistReplyId, ruleConfig } from './rule-files.ts'
import type { RuleTarget } from './rule-files.ts'
import { isFor, isInForce, ruleConfigId, ruleOfConfig } from '../wire-rule.ts'

/** Makes a file; the same content under the same variant and id keeps its version. */
export type KeepFile = (productName: Product, id: string, content: unknown, variant?: string) => ConfigFile

/** Refused versions that are remembered, so that each is told once. */
const maxRefusals = 1_000

/** What is set by hand, for all or for some services: switches, replies, managed rules; and the files made of it. */
export class GlobalFiles {
  readonly #keep: KeepFile
  readonly #services = new Map<string, ServiceSettings>()
  readonly #rules = new Map<string, ManagedWafRule>()
  #settings: GlobalSettings | undefined
  /** Files of rules by rule, version and kind of tracer, since making one takes a hash. */
  #made = new Map<string, ConfigFile>()
  /** Which version of its rule a file is of. */
  readonly #versionOf = new Map<string, number>()
  readonly #refused = new Set<string>()

  constructor(keep: KeepFile) {
    this.#keep = keep
  }

  get blocking(): boolean {
    return this.#settings?.blocking !== false
  }

  async load(state: State): Promise<void> {
    for (const service of await state.documents('service')) this.#services.set(service.id, service)
    for (const rule of await state.documents('wafRule')) this.#rules.set(rule.id, rule)
    this.#settings = (await state.document('settings', 'settings')) ?? undefined
  }

  static concerns(changes: Changes): boolean {
    return (
      changes.documents?.some(({ kind }) => kind === 'service' || kind === 'wafRule' || kind === 'settings') === true
    )
  }

  apply(changes: Changes): void {
    for (const change of changes.documents ?? []) {
      if (change.kind === 'service') put(this.#services, change)
      else if (change.kind === 'wafRule') put(this.#rules, change)
      else if (change.kind === 'settings') this.#settings = 'put' in change ? change.put : undefined
      else continue
      this.#made = new Map()
    }
  }

  /** When the next rule ends; infinity when none does. */
  nextEndMs(nowMs: number): number {
    return [...this.#rules.values()].reduce((soonest, rule) => {
      const endMs = rule.endsAt === null || !isInForce(rule, nowMs) ? Number.POSITIVE_INFINITY : Date.parse(rule.endsAt)
      return Math.min(soonest, endMs)
    }, Number.POSITIVE_INFINITY)
  }

  /** The files beside the lists, for one kind of tracer of a service in an environment. */
  filesFor(target: RuleTarget, isUsed: (list: WireListId) => boolean, nowMs: number): readonly ConfigFile[] {
    const { abilities, service, env } = target
    const settings = this.#services.get(service)
    const files: ConfigFile[] = []
    const reply = denylistReply(settings?.denylistReply ?? null, target)
    if (abilities.customRules || abilities.exclusions) {
      const { block, pass } = listRules(
        (list) => isUsed(list) || (list === 'passlisted_ips' && !this.blocking),
        reply === undefined ? 'block' : denylistReplyId,
      )
      const variant = reply === undefined ? '' : `${service} ${target.kind}`
      if (block !== undefined && abilities.customRules) {
        files.push(this.#keep(product.custom, 'pc-denylist-rules', block, variant))
      }
      if (pass !== undefined && abilities.exclusions) files.push(this.#keep(product.custom, 'pc-passlist-rules', pass))
    }
    if (reply !== undefined)
      files.push(this.#keep(product.custom, reply.id, reply.content, `${service} ${target.kind}`))
    if (!this.blocking && abilities.exclusions) {
      files.push(
        this.#keep(product.custom, 'pc-kill-switch-rule', killSwitchExclusion),
        this.#keep(product.data, 'pc-kill-switch', listContent('passlisted_ips', everyNetwork)),
      )
    }
    for (const rule of this.#rules.values()) {
      if (isInForce(rule, nowMs) && isFor(rule, target)) files.push(...this.#ruleFile(rule, target))
    }
    if (abilities.products.has(product.features)) {
      for (const { id, content } of featuresFor(settings, env)) files.push(this.#keep(product.features, id, content))
    }
    return files
  }

  /** The version of a managed rule that a tracer refused, once each; undefined for anything else. */
  refusal(configId: string, fileVersion: number): { readonly ruleId: string; readonly version: number } | undefined {
    const ruleId = ruleOfConfig(configId)
    const version = this.#versionOf.get(`${configId}@${fileVersion}`)
    const key = `${configId}@${version}`
    if (ruleId === undefined || version === undefined || this.#refused.has(key)) return undefined
    this.#refused.add(key)
    const [oldest] = this.#refused
    if (this.#refused.size > maxRefusals && oldest !== undefined) this.#refused.delete(oldest)
    return { ruleId, version }
  }

  #ruleFile(rule: ManagedWafRule, target: RuleTarget): readonly ConfigFile[] {
    const { kind, abilities } = target
    const variant = JSON.stringify([kind, abilities.customRules, abilities.customBlocking, abilities.traceTagging])
    const key = `${rule.id} ${variant}`
    const made = this.#made.get(key)
    if (made !== undefined) return [made]
    const config = ruleConfig(rule, target, this.blocking)
    if (config === undefined) return []
    const file = this.#keep(product.custom, config.id, config.content, variant)
    this.#made.set(key, file)
    this.#versionOf.set(`${ruleConfigId(rule.id)}@${file.version}`, rule.version)
    const [oldest] = this.#versionOf.keys()
    if (this.#versionOf.size > maxRefusals && oldest !== undefined) this.#versionOf.delete(oldest)
    return [file]
  }
}

function put<T extends { readonly id: string }>(
  into: Map<string, T>,
  change: { readonly put: T } | { readonly delete: string },
): void {
  if ('put' in change) into.set(change.put.id, change.put)
  else into.delete(change.delete)
}
