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

/** Remembers what belongs to a request, for as long as the request is there. */
export function carry(request: object, response: object, record: unknown): void {
  if (isPlain(request)) (request as Carrier)[key] = record
  else records.set(request, record)
  if (isPlain(response)) (response as Carrier)[key] = record
}

/** What was remembered of a request, asked for by it or by its response. */
export function carriedBy(carrier: object): unknown {
  const { [key]: own, req } = carrier as Carrier
  return (
    own ?? records.get(carrier) ?? (typeof req === 'object' ? ((req as Carrier)[key] ?? records.get(req)) : undefined)
  )
}
