import { requestSignInLink } from '../collector.ts'
import type { Signal } from '../model/signal.ts'

/**
 * A sign-in link that leads to the signal which tells most of the attack: what its attackers share, whose accounts they
 * took over. To the overview when there is no signal.
 */
export async function storyLink(place: {
  readonly console: string
  readonly token: string
  readonly dataDir: string
}): Promise<string> {
  const reply = await fetch(new URL('/api/signals?limit=1000', place.console), {
    headers: { authorization: `Bearer ${place.token}` },
  })
  const { items } = (await reply.json()) as { readonly items: readonly Signal[] }
  const [best] = items.toSorted((a, b) => weightOf(b) - weightOf(a))
  const { signInLink } = await requestSignInLink({ options: { dataDir: place.dataDir } })
  if (best === undefined) return signInLink
  const to = encodeURIComponent(`/signals/${encodeURIComponent(best.id)}`)
  return signInLink.replace('/signin#', `/signin?to=${to}#`)
}

/** What the attackers share tells more than how many they took over, and that more than how many they tried. */
function weightOf({ clusters = [], compromisedUsers, targetedUsers }: Signal): number {
  return Math.min(clusters.length, 1) * 1e12 + compromisedUsers * 1e6 + targetedUsers
}
