export { startCollector, type Collector, type StartCollectorOptions } from './collector/collector.ts'
export type { CollectorConfig, CollectorOptions } from './collector/config.ts'
export { requestSignInLink } from './collector/request-sign-in-link.ts'
