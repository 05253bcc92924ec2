import { appRelease, forgottenJob } from './clients.js'
import { reordered } from './merge.js'
import { placeOf } from './people.js'
import { randomFor } from './random.js'

const minuteMs = 60_000
const dayMs = 86_400_000
/** Retries run over the end of their minute by less than this. */
const slackMs = 10 * minuteMs
const jobEveryMinutes = 5

/** How busy a minute is, 1 on average: evenings are busiest, the night has a tenth of them, weekends six tenths. */
function rhythm(atMs) {
  const date = new Date(atMs)
  const hour = date.getUTCHours() + date.getUTCMinutes() / 60
  const byHour = 0.12 + 0.95 * (1 + Math.cos(((hour - 19) / 24) * 2 * Math.PI))
  return (byHour / 1.07) * (date.getUTCDay() % 6 === 0 ? 0.68 : 1.13)
}

/**
 * Ordinary logins of a service, without end or until `toMs`.
 * @param {{
 *   seed: number, people: ReturnType<typeof import('./people.js').createPeople>, fromMs: number, toMs: number,
 *   loginsPerDay: number, failureShare?: number,
 *   resetDayMs?: number, brokenReleaseMs?: number, forgottenJob?: boolean,
 * }} options `failureShare`: of all attempts; `resetDayMs`: all passwords end on this day; `brokenReleaseMs`: for six hours
 *   the app's newest release sends what the service does not take.
 */
export function ordinaryTraffic(options) {
  return reordered(minutes(options), slackMs)
}

function* minutes({
  seed,
  people,
  fromMs,
  toMs,
  loginsPerDay,
  failureShare = 0.1,
  resetDayMs,
  brokenReleaseMs,
  ...others
}) {
  const random = randomFor(seed, 'ordinary')
  for (let minute = Math.floor(fromMs / minuteMs) * minuteMs; minute < toMs; minute += minuteMs) {
    const isReset = resetDayMs !== undefined && minute >= resetDayMs && minute < resetDayMs + dayMs
    const isBroken = brokenReleaseMs !== undefined && minute >= brokenReleaseMs && minute < brokenReleaseMs + dayMs / 4
    const visits = poisson(random, (loginsPerDay / 1_440) * rhythm(minute))
    for (let count = 0; count < visits; count++) {
      const fail = isReset ? Math.max(0.4, failureShare) : failureShare
      for (const event of visit(random, people, minute + random.below(minuteMs), { fail, isReset, isBroken })) {
        if (event.atMs >= fromMs && event.atMs < toMs) yield event
      }
    }
    if (others.forgottenJob !== false && (minute / minuteMs) % jobEveryMinutes === 0 && minute >= fromMs) {
      yield job(people, minute + random.below(2_000))
    }
  }
}

/** A visit: mostly right at once, sometimes typos first, now and then given up. */
function* visit(random, people, startMs, { fail, isReset, isBroken }) {
  const person = people.visitor(random)
  const { ip, device } = placeOf(random, person, startMs)
  const { client, language, cookie, device: deviceId } = device
  const broken = isBroken && client.isApp === true && client.family.includes(appRelease)
  const source = broken ? 'broken_release' : isReset ? 'reset_day' : 'ordinary'
  let atMs = startMs
  const attempt = (outcome, login, exists) => ({
    atMs: Math.round(atMs),
    label: null,
    source,
    outcome,
    login,
    exists,
    userId: exists ? person.userId : undefined,
    ip,
    client: client.family,
    headers: client.headers({ login, language, cookie, device: deviceId }),
  })
  if (broken) {
    for (let tries = 1 + random.below(4); tries > 0; tries--) {
      yield attempt('failure', person.login, true)
      atMs += 3_000 + random.below(20_000)
    }
    return
  }
  for (let tries = 0; tries < 6 && random.chance(fail); tries++) {
    const mistypedName = random.chance(0.15)
    yield attempt('failure', mistypedName ? mistype(random, person.login) : person.login, !mistypedName)
    atMs += 4_000 + random.below(26_000)
    if (random.chance(0.06)) return
  }
  yield attempt('success', person.login, true)
}

function mistype(random, login) {
  const at = random.below(login.indexOf('@'))
  return random.chance(0.5)
    ? login.slice(0, at) + login.slice(at + 1)
    : login.slice(0, at) + login[at] + login.slice(at)
}

function job(people, atMs) {
  const login = 'nightly-export@partner.example'
  return {
    atMs,
    label: null,
    source: 'forgotten_job',
    outcome: 'failure',
    login,
    exists: true,
    userId: 'u-nightly-export',
    ip: '194.97.50.20',
    client: forgottenJob.family,
    headers: forgottenJob.headers({ login }),
  }
}

/** A number of visits when `mean` are expected (Knuth's method; the mean of a minute is small, or split). */
function poisson(random, mean) {
  if (mean > 30) return poisson(random, mean / 2) + poisson(random, mean / 2)
  const limit = Math.exp(-mean)
  let count = 0
  for (let product = random.next(); product > limit; product *= random.next()) count++
  return count
}
