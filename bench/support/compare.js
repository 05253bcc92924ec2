import { cpus } from 'node:os'

/**
 * Runs the sides in turn (A B A B …) and gives each side's CPU time per operation. CPU time, and the least of many
 * rounds, because the machine has other work to do. First each side runs once, or for `warmUpMs`: V8 compiles
 * in the background what runs often, and goals are of processes that have been up for longer than that takes.
 * @param {Record<string, () => number>} sides each does its work once and returns how many operations that was
 * @param {{ rounds?: number, warmUpMs?: number }} options
 * @returns {Record<string, { leastNs: number, medianNs: number }>}
 */
export function compare(sides, { rounds = 8, warmUpMs = 0 } = {}) {
  const times = Object.fromEntries(Object.keys(sides).map((name) => [name, []]))
  for (const run of Object.values(sides)) {
    const endMs = performance.now() + warmUpMs
    do run()
    while (performance.now() < endMs)
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(sides)) {
      const before = process.cpuUsage()
      const operations = run()
      const { user, system } = process.cpuUsage(before)
      times[name].push(((user + system) * 1000) / operations)
    }
  }
  return Object.fromEntries(
    Object.entries(times).map(([name, list]) => {
      list.sort((a, b) => a - b)
      return [name, { leastNs: list[0], medianNs: list[list.length >> 1] }]
    }),
  )
}

/** Numbers that are the same in every run: a linear congruential generator, 32 bits. */
export function createRandom(seed) {
  let state = seed >>> 0
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0)
}

export function machine() {
  return { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length }
}

/** @param {Record<string, string | number>[]} rows */
export function printTable(rows) {
  const columns = Object.keys(rows[0])
  const width = (column) => Math.max(column.length, ...rows.map((row) => String(row[column]).length))
  const line = (cells) => cells.map((cell, at) => String(cell).padStart(width(columns[at]))).join('  ')
  console.log(line(columns))
  for (const row of rows) console.log(line(columns.map((column) => row[column])))
}
