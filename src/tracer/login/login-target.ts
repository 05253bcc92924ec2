import type { Addresses } from '../../waf/waf.ts'

/** The request a login call writes to: its root span, and the checks that may block it. */
export interface LoginTarget {
  tag(name: string): string | undefined
  setTag(name: string, value: string): void
  /** Keeps the trace: sampling priority 2, decision maker 5. */
  keep(): void
  /**
   * Checks the subject against the denylist and runs the WAF on the addresses (persistent).
   * Returns the action when the request is to be blocked.
   */
  check(addresses: Addresses, subject: { readonly userId?: string; readonly login?: string }): BlockAction | undefined
}

/** How to answer a blocked request: the parameters of a block_request or redirect_request action. */
export interface BlockAction {
  readonly type: 'block_request' | 'redirect_request' | 'login_failure'
  readonly statusCode: number
  /** Body by `Accept` (`auto`), or fixed. */
  readonly content: 'auto' | 'html' | 'json'
  readonly location?: string
  readonly securityResponseId: string
}
