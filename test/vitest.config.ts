import { defineConfig } from 'vitest/config'
import { closingLine } from './support/closing-line.ts'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    sequence: { shuffle: { files: true, tests: true } },
    reporters: ['default', closingLine],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
