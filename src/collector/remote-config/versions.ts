import type { State } from '../state/state.ts'

const positionName = 'remote-config:version'
/** Versions that one start may use before it has to write again; more than it ever does between two writes. */
const reserved = 1_000_000

/** A counter that only rises, over restarts too: each start begins above all that the last one can have used. */
export async function reserveVersions(state: State): Promise<() => number> {
  let version = (await state.position(positionName)) ?? 0
  let limit = version + reserved
  await state.commit({ positions: { [positionName]: limit } })
  return () => {
    version++
    if (version > limit - reserved / 2) {
      limit += reserved
      // Half of the reserve is left while this is written; the state reports its own failures to who commits next.
      state.commit({ positions: { [positionName]: limit } }).catch(() => undefined)
    }
    return version
  }
}
