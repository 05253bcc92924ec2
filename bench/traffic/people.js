import { acceptLanguage, appClients, desktopClients, mobileClients, pickTongue } from './clients.js'
import { randomFor } from './random.js'

/** Offices and carriers of a service: many people behind few addresses. */
const offices = 12
const carriers = 4
const addressesOfCarrier = 24
/** First octets of homes; attackers use homes as well (`attackers.js`), other ones of the same networks. */
const homeNets = [24, 46, 62, 73, 77, 81, 84, 86, 87, 91, 92, 93, 98, 109, 151, 178, 188]
/** How many people are kept; others are made again from the seed when they come by. */
const maxKept = 50_000

const hex = (random, digits) => Array.from({ length: digits }, () => random.below(16).toString(16)).join('')

/**
 * The people of a service: person `index` is the same whoever asks, so none needs to be stored.
 * @param {{ seed: number, count: number }} options
 */
export function createPeople({ seed, count }) {
  const kept = new Map()
  const make = (index) => {
    const random = randomFor(seed, `person ${index}`)
    const tags = pickTongue(random)
    const owns = (clients) => {
      const client = random.weighted(clients)
      return {
        client,
        language: acceptLanguage(client, tags),
        cookie: random.chance(0.85) ? `sid=${hex(random, 32)}; consent=${random.chance(0.7) ? 'all' : 'min'}` : '',
        device: `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`,
      }
    }
    return {
      login: `${random.pick(givenNames)}.${random.pick(familyNames)}${index}@${random.pick(mailDomains)}`,
      userId: `u-${index}`,
      home: homeAddress(random, index),
      office: random.chance(0.22) ? `194.25.${index % offices}.1` : undefined,
      carrier: random.below(carriers),
      desktop: random.chance(0.75) ? owns(desktopClients) : undefined,
      mobile: random.chance(0.55) ? owns(appClients) : owns(mobileClients),
      /** People who come often come much more often than the others. */
      keen: random.next() ** 3,
    }
  }
  const person = (index) => {
    const found = kept.get(index) ?? make(index)
    if (kept.size < maxKept) kept.set(index, found)
    return found
  }
  return {
    count,
    person,
    /** Somebody who is about to log in. */
    visitor: (random) => {
      for (let tries = 0; tries < 8; tries++) {
        const found = person(random.below(count))
        if (random.next() < found.keen + 0.05) return found
      }
      return person(random.below(count))
    },
    anybody: (random) => person(random.below(count)),
  }
}

/** Where a person is at this hour, and with which device. */
export function placeOf(random, { home, office, carrier, desktop, mobile }, atMs) {
  const date = new Date(atMs)
  const isWork = date.getUTCDay() % 6 !== 0 && date.getUTCHours() >= 8 && date.getUTCHours() < 17
  if (office !== undefined && isWork && random.chance(0.8)) return { ip: office, device: desktop ?? mobile }
  if (random.chance(mobile.client.isApp ? 0.5 : 0.35)) {
    return { ip: `37.${carrier + 80}.7.${random.below(addressesOfCarrier) + 1}`, device: mobile }
  }
  return { ip: home, device: desktop !== undefined && random.chance(0.6) ? desktop : mobile }
}

/** Three of ten homes have IPv6, each a /64 of its own; of IPv4 homes some share an address. */
function homeAddress(random, index) {
  if (random.chance(0.3))
    return `2a02:8${(index >> 16).toString(16)}0:${(index & 0xffff).toString(16)}:1::${hex(random, 3)}`
  return `${random.pick(homeNets)}.${random.below(128)}.${random.below(256)}.${1 + random.below(254)}`
}

const mailDomains = [
  'gmail.com',
  'gmail.com',
  'gmail.com',
  'outlook.com',
  'yahoo.com',
  'icloud.com',
  'web.de',
  'gmx.de',
  'orange.fr',
  'example.org',
]
export const givenNames =
  'anna ben carla david emma felix grace hugo ida jonas karin lena marco nina oscar paula quinn rosa sven tara uwe vera willem xenia yusuf zoe'.split(
    ' ',
  )
export const familyNames =
  'adler bauer costa dubois evans fischer garcia hansen ivanov jones kowalski lopez martin nilsson otto peters quist rossi silva thomas ulrich visser weber xu young ziegler'.split(
    ' ',
  )
