import { isMainThread } from 'node:worker_threads'

/**
 * Loaded (`--import`) by the processes of a demo: asks its process to end once whoever started it is gone, however that
 * came about. The pipe at standard input, to which nothing is ever written, then ends.
 */
if (isMainThread) {
  const { stdin } = process
  stdin.on('error', () => {})
  stdin.on('close', () => process.kill(process.pid, 'SIGTERM'))
  stdin.resume()
  stdin.unref()
}
