import { acceptLanguage, androidApp, chromium, mobileClients } from './clients.js'

/**
 * What attackers log in with. Each tool gives the headers of one attempt; its `differs` says what tells it from the
 * clients it imitates, `null` if nothing does.
 */
const site = 'https://shop.example'
const length = (login) => String(36 + login.length)
const claimed = chromium({ version: 138, platform: 'windows' })
const hex = (random, digits) => Array.from({ length: digits }, () => random.below(16).toString(16)).join('')
const newDevice = (random) =>
  `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`

const python = {
  differs: 'the headers and order of python-requests under the user agent of a browser',
  headers: ({ login }) => [
    ['User-Agent', claimed.userAgent],
    ['Accept-Encoding', 'gzip, deflate'],
    ['Accept', '*/*'],
    ['Connection', 'keep-alive'],
    ['Content-Type', 'application/json'],
    ['Content-Length', length(login)],
  ],
}

const golang = {
  differs: 'the headers of Go’s HTTP client, and its name',
  headers: ({ login }) => [
    ['User-Agent', 'Go-http-client/2.0'],
    ['Content-Length', length(login)],
    ['Content-Type', 'application/json'],
    ['Accept-Encoding', 'gzip'],
  ],
}

/** A checker for Windows with a "config" for this shop: copied by hand from a browser, and two headers forgotten. */
const checker = {
  differs: 'no sec-fetch-dest, no accept-language, and an order of its own',
  headers: ({ login }) => [
    ['User-Agent', claimed.userAgent],
    ['Pragma', 'no-cache'],
    ['Accept', '*/*'],
    ['Origin', site],
    ['Referer', `${site}/login`],
    ['sec-fetch-site', 'same-origin'],
    ['sec-fetch-mode', 'cors'],
    ['Accept-Encoding', 'gzip, deflate, br'],
    ['Content-Type', 'application/json'],
    ['Content-Length', length(login)],
  ],
}

/** The user agent changes with each request; all else stays that of one Chrome, whatever the user agent says. */
const rotating = {
  differs: 'client hints of one Chrome under any user agent, and a language that never changes',
  headers: ({ random, login }) => {
    const userAgent = anyUserAgent(random)
    return [
      ['content-length', length(login)],
      ['sec-ch-ua', '"Not)A;Brand";v="8", "Chromium";v="138", "Google Chrome";v="138"'],
      ['content-type', 'application/json'],
      ['sec-ch-ua-mobile', '?0'],
      ['user-agent', userAgent],
      ['sec-ch-ua-platform', '"Windows"'],
      ['accept', 'application/json, text/plain, */*'],
      ['origin', site],
      ['sec-fetch-site', 'same-origin'],
      ['sec-fetch-mode', 'cors'],
      ['sec-fetch-dest', 'empty'],
      ['referer', `${site}/`],
      ['accept-encoding', 'gzip, deflate, br'],
      ['accept-language', 'en-US,en;q=0.9'],
    ]
  },
}

function anyUserAgent(random) {
  const version = 90 + random.below(52)
  return random.pick([
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`,
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.${random.below(7_000)}.${random.below(200)} Safari/537.36`,
    `Mozilla/5.0 (X11; Linux x86_64; rv:${version}.0) Gecko/20100101 Firefox/${version}.0`,
    `Mozilla/5.0 (iPhone; CPU iPhone OS ${12 + random.below(7)}_${random.below(7)} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${12 + random.below(7)}.0 Mobile/15E148 Safari/604.1`,
  ])
}

/** A real browser driven by a script: all is right but for the language, which is that of the server it runs on. */
const headless = {
  differs: 'the language of a bare server, no cookie',
  headers: ({ login }) =>
    chromium({ version: 139, platform: 'linux' }).headers({ login, language: 'en-US', cookie: '' }),
}

const app = androidApp({ model: 'SM-S921B' })
const likeApp = ({ random, login }, language = random.pick(['en-US', 'en-GB', 'de-DE', 'fr-FR', 'es-ES'])) =>
  app.headers({ login, language, device: newDevice(random) })

/** The app's login rebuilt from a capture: the header that the app's newest release added is not there. */
const appWithoutPlatform = {
  differs: 'no X-App-Platform',
  headers: (attempt) => likeApp(attempt).filter(([name]) => name !== 'X-App-Platform'),
}

/** The app's login rebuilt with another library: the same headers, one of them earlier. */
const appInOtherOrder = {
  differs: 'User-Agent comes first instead of last',
  headers: (attempt) => {
    const headers = likeApp(attempt)
    return [headers.at(-1), ...headers.slice(0, -1)]
  },
}

/** The app itself, run in emulators. */
const appItself = { differs: null, headers: (attempt) => likeApp(attempt) }

/** Real phones of a click farm: a browser of ordinary people, with nothing to tell. */
const phones = {
  differs: null,
  headers: ({ random, login }) => {
    const client = random.weighted(mobileClients)
    return client.headers({ login, language: acceptLanguage(client, ['en-US', 'en']), cookie: '' })
  },
}

export const tools = {
  python,
  golang,
  checker,
  rotating,
  headless,
  appWithoutPlatform,
  appInOtherOrder,
  appItself,
  phones,
}
