/** A number with its dots or underscores: `141.0.0.0`, `10_15_7`. */
const version = /[0-9]+(?:[._][0-9]+)*/g
/** In a regex, for the `#` of a shape. */
const anyVersion = '(?:#|[0-9][0-9._]*)'

/** A user agent with every version number as `#`: what stays when a browser is updated. */
export function userAgentShape(userAgent: string): string {
  return userAgent.replaceAll(version, '#')
}

/** RE2 for the user agents of a shape, anchored. */
export function shapeRegex(shape: string): string {
  return `^${shape.split('#').map(escapeRegex).join(anyVersion)}$`
}

/** The names of the products in a user agent, outside its comments: Mozilla, AppleWebKit, Chrome … */
export function userAgentProducts(userAgent: string): readonly string[] {
  const outside = userAgent.replaceAll(/\([^()]*\)/g, ' ')
  return [
    ...new Set(Array.from(outside.matchAll(/(?:^| )([A-Za-z][A-Za-z0-9_.-]{0,39})\//g), ([, name]) => name ?? '')),
  ]
}

/** RE2 for the user agents with a product in it. */
export function productRegex(product: string): string {
  return `(?:^| )${escapeRegex(product)}/`
}

/** The text as RE2 that stands for itself. */
export function escapeRegex(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
}

/** The shape that a regex of `shapeRegex` was made of; undefined for others. */
export function shapeOfRegex(regex: string): string | undefined {
  const shape = unescapeRegex(regex.replace(/^\^/, '').replace(/\$$/, '').split(anyVersion).join('#'))
  return regex.includes(anyVersion) && shapeRegex(shape) === regex ? shape : undefined
}

/** The product that a regex of `productRegex` was made of. */
export function productOfRegex(regex: string): string | undefined {
  const product = unescapeRegex(regex.replace(/^\(\?:\^\| \)/, '').replace(/\/$/, ''))
  return productRegex(product) === regex ? product : undefined
}

function unescapeRegex(text: string): string {
  return text.replaceAll(/\\(.)/gs, '$1')
}
