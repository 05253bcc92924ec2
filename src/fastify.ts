import { fail } from './model/error.ts'
import { addFastifyHooks, contextsBefore, type FastifyLike } from './tracer/frameworks/fastify.ts'
import { runningTracer, start, type StartOptions } from './tracer/start.ts'

export type { StartOptions } from './tracer/start.ts'

/** A plugin as Fastify 4 and 5 take it. */
export type FastifyTracerPlugin = (app: FastifyLike, options: StartOptions, done: (error?: Error) => void) => void

/**
 * The plugin for Fastify 4 and 5. Register it before everything else: `app.register(portcullis)`.
 * Starts the tracer with the options unless one is running.
 */
export const portcullis: FastifyTracerPlugin = forWholeApp(
  (app: FastifyLike, options: StartOptions, done: (error?: Error) => void): void => {
    start(startOptions(options))
    const before = contextsBefore(app)
    if (before.length > 0) runningTracer()?.warn(fail('MOUNTED_LATE', before))
    addFastifyHooks(app, () => runningTracer()?.scope)
    done()
  },
)

/**
 * Marks a plugin so that its hooks reach the whole app and not only its own context, and says for which Fastify it is.
 * Source: fastify.dev/docs/latest/Reference/Plugins, "Handle the scope"; the names are those of `fastify-plugin`.
 */
function forWholeApp(plugin: FastifyTracerPlugin): FastifyTracerPlugin {
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'portcullis',
    [Symbol.for('plugin-meta')]: { name: 'portcullis', fastify: '>=4' },
  })
}

/** Options without those that `register` reads itself. */
function startOptions(
  options: StartOptions & { readonly prefix?: unknown; readonly logLevel?: unknown },
): StartOptions {
  const { prefix: _prefix, logLevel: _logLevel, ...own } = options
  return own
}
