import type { Processor } from './processor.ts'

const all: readonly Processor[] = []

/** Every processor by the name of its generator. */
export const processors: ReadonlyMap<string, Processor> = new Map(
  all.map((processor) => [processor.name, processor] as const),
)
