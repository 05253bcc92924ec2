import { defineConfig } from 'vitest/config'
import { closingLine } from './support/closing-line.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    sequence: { shuffle: { files: true, tests: true } },
    reporters: ['default', closingLine],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
