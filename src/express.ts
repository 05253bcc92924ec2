import { fail } from './model/error.ts'
import { expressMiddleware, type ExpressMiddleware } from './tracer/frameworks/express.ts'
import { runningTracer, start, type StartOptions } from './tracer/start.ts'

export type { ExpressMiddleware } from './tracer/frameworks/express.ts'
export type { StartOptions } from './tracer/start.ts'

/**
 * The middleware for Express 4 and 5. Mount it before everything else: `app.use(portcullis())`.
 * Starts the tracer with `options` unless one is running.
 */
export function portcullis(options: StartOptions = {}): ExpressMiddleware {
  start(options)
  return expressMiddleware(
    () => runningTracer()?.scope,
    (before) => runningTracer()?.warn(fail('MOUNTED_LATE', before)),
  )
}
