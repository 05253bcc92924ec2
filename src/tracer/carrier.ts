const key = Symbol('portcullis.request')
/** Records of requests that cannot take a property cheaply. */
const records = new WeakMap<object, unknown>()

interface Carrier {
  [key]?: unknown
  /** Node's responses know their request, and so do Express's. */
  readonly req?: object
}

/**
 * Whether an object still has the prototype it was made with. Express replaces that of each request and response, after
 * which every property that is added costs microseconds: V8 no longer shares the layout of such objects.
 */
export function isPlain(object: object): boolean {
  return Object.getPrototypeOf(object) === (object.constructor as { prototype?: unknown }).prototype
}

/** Remembers what belongs to a request and its response, for as long as they are there, as properties of both. */
export function carry(request: object, response: object, record: unknown): void {
  ;(request as Carrier)[key] = record
  ;(response as Carrier)[key] = record
}

/** Remembers what belongs to a request without touching it. */
export function carryBeside(request: object, record: unknown): void {
  records.set(request, record)
}

/** What was remembered of a request, asked for by it or by its response. */
export function carriedBy(carrier: object): unknown {
  const known = records.get(carrier) ?? (carrier as Carrier)[key]
  if (known !== undefined) return known
  const { req } = carrier as Carrier
  return typeof req === 'object' ? (records.get(req) ?? (req as Carrier)[key]) : undefined
}

/** What was remembered of a request by `carryBeside`. */
export function carriedBeside(request: object): unknown {
  return records.get(request)
}
