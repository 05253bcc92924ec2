import type { SignalEvent } from '../../model/notification.ts'

/** What the test button sends: no real account or address is in it. */
export function sampleEvent(id: string, at: string, linkTo: (signalId: string) => string): SignalEvent {
  return {
    id,
    type: 'test',
    at,
    signal: {
      id: 'test',
      rule: { id: 'test', name: 'Test of a recipient', version: 1 },
      case: 'Test',
      severity: 'info',
      title: 'A test notification of Portcullis',
      state: 'open',
      archiveReason: null,
      group: { service: 'test', env: 'test' },
      tags: [],
      firstSeen: at,
      openedAt: at,
      createdAt: at,
      lastSeen: at,
      closedAt: null,
      counts: {},
      compromisedUsers: 0,
      targetedUsers: 0,
      attackingIps: 0,
      threatIntelShare: 0,
      query: '',
    },
    targetedUsers: [],
    compromisedUsers: [],
    newIds: null,
    message: 'This is what the message of a rule looks like.',
    link: linkTo('test'),
  }
}
