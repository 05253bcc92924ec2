import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { errors } from '../../model/error.ts'
import { threatIntelList, type ThreatIntelList } from './threat-intel.ts'
import { parseThreatIntelCsv } from './threat-intel-csv.ts'

/** The lists in these CSV files; a file that cannot be read is a warning, and a bad address is left out with one. */
export async function loadThreatIntel(
  files: readonly string[],
  onWarning: (message: string) => void,
): Promise<readonly ThreatIntelList[]> {
  const lists: ThreatIntelList[] = []
  for (const file of files) {
    const warn = (why: string): void => onWarning(errors.CONFIG_INVALID('THREAT_INTEL', file, why, 'the rest'))
    try {
      const entries = parseThreatIntelCsv(await readFile(file, 'utf8'))
      lists.push(threatIntelList(basename(file), entries, (item) => warn(`"${item}" is no address or CIDR block`)))
    } catch (error) {
      warn((error as Error).message)
    }
  }
  return lists
}
