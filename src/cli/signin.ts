import { parseArgs } from 'node:util'
import { requestSignInLink } from '../collector.ts'
import type { Io } from './io.ts'

const options = {
  data: { type: 'string' },
  user: { type: 'string' },
  config: { type: 'string' },
} as const

/** `portcullis signin`: a new sign-in link, from the collector that runs on a data directory of yours. */
export async function signinCommand(args: string[], io: Io): Promise<number> {
  const { values } = parseArgs({ args, options })
  const { signInLink } = await requestSignInLink({
    options: { dataDir: values.data },
    configFile: values.config,
    user: values.user,
  })
  io.out(signInLink)
  io.err('opens once, within 15 minutes')
  return 0
}
