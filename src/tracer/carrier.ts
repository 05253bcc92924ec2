/** Requests under way, by Node's object, with what belongs to them. */
export interface Records {
  get(request: object): unknown
  set(request: object, record: unknown): unknown
  delete(request: object): boolean
}

const key = Symbol.for('portcullis.requests.1')
/** Requests without a connection, as tests call an app with, and those to be known beyond their end. */
const beside: Records = new WeakMap<object, unknown>()

/** Node's requests and responses, and those of frameworks that are the same objects. */
interface Carrier {
  readonly socket?: { [key]?: Records } | null
  /** Responses know their request. */
  readonly req?: unknown
}

/**
 * Remembers what belongs to a request, with its connection: a property on a request itself, or a weak reference to it,
 * costs up to 20 µs with Express, which replaces the prototype of each request, so that V8 shares no layout among them.
 * What is returned forgets the request again.
 */
export function carry(request: object, record: unknown): Records {
  const { socket } = request as Carrier
  const records = socket ? (socket[key] ??= new Map<object, unknown>()) : beside
  records.set(request, record)
  return records
}

/** Remembers what belongs to a request for as long as it is there. */
export function carryOn(request: object, record: unknown): void {
  beside.set(request, record)
}

/** What was remembered of a request. */
export function carriedByRequest(request: object): unknown {
  const { socket } = request as Carrier
  return socket?.[key]?.get(request) ?? beside.get(request)
}

/** What was remembered of a request, asked for by it or by its response. */
export function carriedBy(carrier: object): unknown {
  const { req } = carrier as Carrier
  return carriedByRequest(typeof req === 'object' && req !== null ? req : carrier)
}
