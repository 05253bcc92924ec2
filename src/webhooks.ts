export { verifyWebhook, type VerifyWebhookOptions } from './webhooks/verify-webhook.ts'
export type { NewIdAttribute, SignalEvent, SignalEventType } from './model/notification.ts'
export type { Signal } from './model/signal.ts'
export { PortcullisError } from './model/error.ts'
