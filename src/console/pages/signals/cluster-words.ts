import type { ClusterAttribute, ClusterCollateral } from '../../../model/cluster.ts'

const names: Readonly<Record<string, string>> = {
  '@http.useragent': 'User agent',
  '@http.route': 'Route',
  '@http.method': 'Method',
  '@appsec.events_data.usr.login': 'Login',
  '@network.client.country': 'Country',
  '@network.client.asn': 'Network',
  '@network.client.as_name': 'Network',
  '@network.client.range': 'Address range',
  '@appsec.fingerprint.header.order': 'Order of headers',
  '@appsec.fingerprint.header.known_headers': 'Known headers',
  '@http.useragent_details.browser.family': 'Browser',
  '@http.useragent_details.browser.version': 'Version of the browser',
  '@http.useragent_details.os.family': 'System',
  '@http.useragent_details.os.version': 'Version of the system',
  '@http.useragent_details.device.category': 'Device',
}

/** An attribute in words: `Header accept-language`. */
export function attributeName(attribute: string): string {
  if (Object.hasOwn(names, attribute)) return names[attribute] ?? attribute
  const header = /^@http\.request\.headers\.(.+)$/.exec(attribute)
  if (header !== null) return `Header ${header[1]}`
  const print = /^@appsec\.fingerprint\.(.+)$/.exec(attribute)
  if (print !== null) return `Fingerprint ${print[1]?.replaceAll(/[._]/g, ' ')}`
  return attribute
}

/** What is said of an attribute: `is missing`, `is …`, `looks like …`, `is there`. */
export function attributeTest({ value, absent, regex }: Omit<ClusterAttribute, 'attribute'>): {
  readonly says: string
  readonly text: string
} {
  if (absent) return { says: 'is missing', text: '' }
  if (value !== null) return { says: 'is', text: value }
  return regex === null ? { says: 'is there', text: '' } : { says: 'looks like', text: regex }
}

const barMs = 4 * 3_600_000

/** What a rule would have stopped, as bars of four hours, from the first that has any. */
export function collateralBars({ course: { points } }: Pick<ClusterCollateral, 'course'>): readonly number[] {
  const bars = points.map(([atMs]) => Math.floor(atMs / barMs))
  const first = Math.min(...bars)
  const heights = Array.from({ length: bars.length === 0 ? 0 : Math.max(...bars) - first + 1 }, () => 0)
  for (const [index, [, requests]] of points.entries()) {
    const bar = (bars[index] ?? first) - first
    heights[bar] = (heights[bar] ?? 0) + requests
  }
  return heights
}
