import type { FunctionComponent } from 'preact'
import type { IconName } from '../design/icon.tsx'

export interface PageProps {
  /** What stands in the path, by the names of the pattern. */
  readonly params: Readonly<Record<string, string>>
}

export interface PageDescription {
  readonly path: string
  readonly title: string
  /** The letter that goes there after `g`. */
  readonly key?: string
  /** Where it stands in the navigation; absent: it does not. */
  readonly icon?: IconName
  readonly load: () => Promise<FunctionComponent<PageProps>>
}

/** Every page: its address, its place in the navigation, and its code, loaded when it is first shown. */
export const pages: readonly PageDescription[] = [
  {
    path: '/',
    title: 'Overview',
    key: 'o',
    icon: 'overview',
    load: async () => (await import('../pages/overview/overview-page.tsx')).OverviewPage,
  },
  {
    path: '/signals',
    title: 'Signals',
    key: 's',
    icon: 'signals',
    load: async () => (await import('../pages/signals/signals-page.tsx')).SignalsPage,
  },
  {
    path: '/signals/:id',
    title: 'Signal',
    load: async () => (await import('../pages/signals/signal-page.tsx')).SignalPage,
  },
  {
    path: '/traces',
    title: 'Traces',
    key: 't',
    icon: 'traces',
    load: async () => (await import('../pages/traces/traces-page.tsx')).TracesPage,
  },
  {
    path: '/denylist',
    title: 'Denylist',
    key: 'd',
    icon: 'denylist',
    load: async () => (await import('../pages/lists/list-page.tsx')).DenylistPage,
  },
  {
    path: '/passlist',
    title: 'Passlist',
    key: 'p',
    icon: 'passlist',
    load: async () => (await import('../pages/lists/list-page.tsx')).PasslistPage,
  },
  {
    path: '/services',
    title: 'Services',
    key: 'v',
    icon: 'services',
    load: async () => (await import('../pages/services/services-page.tsx')).ServicesPage,
  },
  {
    path: '/waf',
    title: 'In-App WAF',
    key: 'w',
    icon: 'shield',
    load: async () => (await import('../pages/waf-rules/waf-page.tsx')).WafPage,
  },
  {
    path: '/waf/:id',
    title: 'WAF rule',
    load: async () => (await import('../pages/waf-rules/rule-page.tsx')).WafRulePage,
  },
  {
    path: '/detection-rules',
    title: 'Detection rules',
    key: 'r',
    icon: 'rules',
    load: async () => (await import('../pages/detection/rules-page.tsx')).DetectionRulesPage,
  },
  {
    path: '/detection-rules/:id',
    title: 'Detection rule',
    load: async () => (await import('../pages/detection/rule-page.tsx')).DetectionRulePage,
  },
  {
    path: '/mitigations',
    title: 'Mitigations',
    key: 'm',
    icon: 'mitigations',
    load: async () => (await import('../pages/mitigations/mitigations-page.tsx')).MitigationsPage,
  },
  {
    path: '/settings',
    title: 'Settings',
    key: ',',
    icon: 'settings',
    load: async () => (await import('../pages/settings/settings-page.tsx')).SettingsPage,
  },
]
