import type { Addresses } from '../../../src/waf/waf.ts'
import type { BlockAction, LoginTarget } from '../../../src/tracer/login/login-target.ts'

export interface Checked {
  readonly addresses: Addresses
  readonly subject: { readonly userId?: string; readonly login?: string }
}

/** A request that keeps what was written to it, and blocks those it is told to. */
export interface RecordingTarget extends LoginTarget {
  readonly tags: Record<string, string>
  readonly checked: Checked[]
  kept: number
}

export const blockAction: BlockAction = {
  type: 'block_request',
  statusCode: 403,
  content: 'auto',
  securityResponseId: '00000000-0000-4000-8000-000000000000',
}

export function recordingTarget(options: { readonly blockedUsers?: readonly string[] } = {}): RecordingTarget {
  const tags: Record<string, string> = {}
  const checked: Checked[] = []
  return {
    tags,
    checked,
    kept: 0,
    tag: (name) => tags[name],
    setTag(name, value) {
      tags[name] = value
    },
    keep() {
      this.kept += 1
    },
    check(addresses, subject) {
      checked.push({ addresses, subject })
      return subject.userId !== undefined && options.blockedUsers?.includes(subject.userId) ? blockAction : undefined
    },
  }
}
