/**
 * What clients send with a login, header by header in the order in which it reaches the service. Browsers speak HTTP/2 to
 * the load balancer, so their names are in lower case; libraries mostly speak HTTP/1.1 and write names as they like.
 * Orders and values as public captures of these versions (autumn 2025) have them.
 */
const site = 'https://shop.example'
const bodyLength = (login) => String(36 + login.length)

const platforms = {
  windows: { name: 'Windows', agent: 'Windows NT 10.0; Win64; x64', firefox: 'Windows NT 10.0; Win64; x64' },
  mac: { name: 'macOS', agent: 'Macintosh; Intel Mac OS X 10_15_7', firefox: 'Macintosh; Intel Mac OS X 10.15' },
  linux: { name: 'Linux', agent: 'X11; Linux x86_64', firefox: 'X11; Linux x86_64' },
  android: { name: 'Android', agent: 'Linux; Android 10; K', firefox: 'Android 15; Mobile' },
}

/** The brand that must not be relied on changes with each version, as does the order of the three. */
const chromiumBrands = {
  138: (brand) => `"Not)A;Brand";v="8", "Chromium";v="138", "${brand}";v="138"`,
  139: (brand) => `"Not;A=Brand";v="99", "${brand}";v="139", "Chromium";v="139"`,
  140: (brand) => `"Chromium";v="140", "Not=A?Brand";v="24", "${brand}";v="140"`,
  141: (brand) => `"${brand}";v="141", "Not?A_Brand";v="8", "Chromium";v="141"`,
}

/** Chrome and what is made of it. `extra` stands at the end of the user agent: ` Edg/141.0.0.0`. */
export function chromium({ version, platform, brand = 'Google Chrome', extra = '' }) {
  const { name, agent } = platforms[platform]
  const mobile = platform === 'android'
  const userAgent = `Mozilla/5.0 (${agent}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0${mobile ? ' Mobile' : ''} Safari/537.36${extra}`
  return {
    family: `${brand} ${version} on ${name}`,
    userAgent,
    languages: 'chromium',
    headers: ({ login, language, cookie }) => [
      ['content-length', bodyLength(login)],
      ['sec-ch-ua-platform', `"${name}"`],
      ['user-agent', userAgent],
      ['sec-ch-ua', chromiumBrands[version](brand)],
      ['content-type', 'application/json'],
      ['sec-ch-ua-mobile', mobile ? '?1' : '?0'],
      ['accept', '*/*'],
      ['origin', site],
      ['sec-fetch-site', 'same-origin'],
      ['sec-fetch-mode', 'cors'],
      ['sec-fetch-dest', 'empty'],
      ['referer', `${site}/login`],
      ['accept-encoding', 'gzip, deflate, br, zstd'],
      ['accept-language', language],
      ...(cookie ? [['cookie', cookie]] : []),
      ['priority', 'u=1, i'],
    ],
  }
}

export function firefox({ version, platform }) {
  const token = platforms[platform].firefox
  const gecko = platform === 'android' ? `${version}.0` : '20100101'
  const userAgent = `Mozilla/5.0 (${token}; rv:${version}.0) Gecko/${gecko} Firefox/${version}.0`
  return {
    family: `Firefox ${version} on ${platforms[platform].name}`,
    userAgent,
    languages: 'firefox',
    headers: ({ login, language, cookie }) => [
      ['user-agent', userAgent],
      ['accept', '*/*'],
      ['accept-language', language],
      ['accept-encoding', 'gzip, deflate, br, zstd'],
      ['referer', `${site}/login`],
      ['content-type', 'application/json'],
      ['content-length', bodyLength(login)],
      ['origin', site],
      ['sec-gpc', '1'],
      ...(cookie ? [['cookie', cookie]] : []),
      ['sec-fetch-dest', 'empty'],
      ['sec-fetch-mode', 'cors'],
      ['sec-fetch-site', 'same-origin'],
      ['priority', 'u=0'],
      ['te', 'trailers'],
    ],
  }
}

/** Safari, and every browser of iOS, which differ in the user agent alone. */
export function webkit({ family, userAgent }) {
  return {
    family,
    userAgent,
    languages: 'safari',
    headers: ({ login, language, cookie }) => [
      ['content-type', 'application/json'],
      ['accept', '*/*'],
      ['sec-fetch-site', 'same-origin'],
      ['origin', site],
      ['sec-fetch-mode', 'cors'],
      ['user-agent', userAgent],
      ['referer', `${site}/login`],
      ['content-length', bodyLength(login)],
      ['sec-fetch-dest', 'empty'],
      ['accept-language', language],
      ['priority', 'u=3, i'],
      ['accept-encoding', 'gzip, deflate, br'],
      ...(cookie ? [['cookie', cookie]] : []),
    ],
  }
}

const iphone = (os, rest) =>
  `Mozilla/5.0 (iPhone; CPU iPhone OS ${os} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ${rest}`

export const appRelease = '7.4.1'

/** The shop's own app for Android: OkHttp, HTTP/1.1. `device` is the id that the app made when it was installed. */
export function androidApp({ release = appRelease, model }) {
  const userAgent = `ShopApp/${release} (Android 15; ${model}) okhttp/4.12.0`
  return {
    family: `ShopApp ${release} for Android`,
    userAgent,
    languages: 'app',
    isApp: true,
    headers: ({ login, language, device }) => [
      ['X-App-Version', release],
      ['X-App-Platform', 'android'],
      ['X-Device-Id', device],
      ['Accept', 'application/json'],
      ['Accept-Language', language],
      ['Content-Type', 'application/json; charset=utf-8'],
      ['Content-Length', bodyLength(login)],
      ['Connection', 'Keep-Alive'],
      ['Accept-Encoding', 'gzip'],
      ['User-Agent', userAgent],
    ],
  }
}

/** The shop's own app for iOS: URLSession, HTTP/2. */
export function iosApp({ release = appRelease }) {
  const userAgent = `ShopApp/${release.replaceAll('.', '')} CFNetwork/1568.300.101 Darwin/24.2.0`
  return {
    family: `ShopApp ${release} for iOS`,
    userAgent,
    languages: 'app',
    isApp: true,
    headers: ({ login, language, device }) => [
      ['content-type', 'application/json'],
      ['x-app-platform', 'ios'],
      ['accept', 'application/json'],
      ['x-app-version', release],
      ['x-device-id', device],
      ['accept-language', language],
      ['priority', 'u=3'],
      ['accept-encoding', 'gzip, deflate, br'],
      ['content-length', bodyLength(login)],
      ['user-agent', userAgent],
    ],
  }
}

/** A forgotten job of a partner: an old library with the password of last year. */
export const forgottenJob = {
  family: 'python-requests',
  userAgent: 'python-requests/2.28.1',
  languages: 'none',
  headers: ({ login }) => [
    ['User-Agent', 'python-requests/2.28.1'],
    ['Accept-Encoding', 'gzip, deflate'],
    ['Accept', '*/*'],
    ['Connection', 'keep-alive'],
    ['Content-Length', bodyLength(login)],
    ['Content-Type', 'application/json'],
  ],
}

/** Clients of ordinary people, by how common they are. */
export const desktopClients = [
  { weight: 22, ...chromium({ version: 141, platform: 'windows' }) },
  { weight: 8, ...chromium({ version: 140, platform: 'windows' }) },
  { weight: 2, ...chromium({ version: 138, platform: 'windows' }) },
  { weight: 9, ...chromium({ version: 141, platform: 'mac' }) },
  { weight: 3, ...chromium({ version: 141, platform: 'linux' }) },
  {
    weight: 9,
    ...chromium({ version: 141, platform: 'windows', brand: 'Microsoft Edge', extra: ' Edg/141.0.0.0' }),
  },
  {
    weight: 2,
    ...chromium({ version: 139, platform: 'windows', brand: 'Microsoft Edge', extra: ' Edg/139.0.0.0' }),
  },
  { weight: 5, ...firefox({ version: 143, platform: 'windows' }) },
  { weight: 2, ...firefox({ version: 140, platform: 'windows' }) },
  { weight: 2, ...firefox({ version: 143, platform: 'mac' }) },
  { weight: 2, ...firefox({ version: 143, platform: 'linux' }) },
  {
    weight: 9,
    ...webkit({
      family: 'Safari 18.6 on macOS',
      userAgent:
        'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
    }),
  },
]

export const mobileClients = [
  { weight: 17, ...chromium({ version: 141, platform: 'android' }) },
  { weight: 6, ...chromium({ version: 140, platform: 'android' }) },
  { weight: 2, ...firefox({ version: 143, platform: 'android' }) },
  {
    weight: 19,
    ...webkit({
      family: 'Safari 18.6 on iOS',
      userAgent: iphone('18_6', 'Version/18.6 Mobile/15E148 Safari/604.1'),
    }),
  },
  {
    weight: 5,
    ...webkit({
      family: 'Safari 26.0 on iOS',
      userAgent: iphone('18_6', 'Version/26.0 Mobile/15E148 Safari/604.1'),
    }),
  },
  {
    weight: 4,
    ...webkit({
      family: 'Chrome 141 on iOS',
      userAgent: iphone('18_6', 'CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1'),
    }),
  },
]

export const appClients = [
  { weight: 6, ...androidApp({ model: 'Pixel 8' }) },
  { weight: 9, ...androidApp({ model: 'SM-S921B' }) },
  { weight: 5, ...androidApp({ model: 'SM-A546B' }) },
  { weight: 3, ...androidApp({ release: '7.3.0', model: 'SM-G991B' }) },
  { weight: 19, ...iosApp({}) },
  { weight: 4, ...iosApp({ release: '7.3.0' }) },
]

/** Languages of people and how each family of clients writes them. */
const tongues = [
  { weight: 34, tags: ['en-US', 'en'] },
  { weight: 16, tags: ['en-GB', 'en'] },
  { weight: 13, tags: ['de-DE', 'de', 'en-US', 'en'] },
  { weight: 8, tags: ['fr-FR', 'fr', 'en-US', 'en'] },
  { weight: 7, tags: ['es-ES', 'es', 'en'] },
  { weight: 5, tags: ['it-IT', 'it'] },
  { weight: 5, tags: ['nl-NL', 'nl', 'en-US', 'en'] },
  { weight: 4, tags: ['pl-PL', 'pl', 'en'] },
  { weight: 3, tags: ['pt-BR', 'pt', 'en'] },
  { weight: 3, tags: ['sv-SE', 'sv', 'en'] },
  { weight: 2, tags: ['tr-TR', 'tr'] },
]

export const pickTongue = (random) => random.weighted(tongues).tags

/** `accept-language` as this client writes it. */
export function acceptLanguage(client, tags) {
  if (client.languages === 'none') return undefined
  if (client.languages === 'app') return tags[0]
  const listed = client.languages === 'safari' ? tags.slice(0, 2) : tags
  const quality = (index) =>
    client.languages === 'firefox' ? Math.round(10 - (10 * index) / listed.length) / 10 : 1 - index / 10
  return listed.map((tag, index) => (index === 0 ? tag : `${tag};q=${quality(index)}`)).join(',')
}
