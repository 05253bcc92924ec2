/** Spans later than this are history: they raise no live signal (spec/detection.md 1.5). */
export const LIVE_LATENESS_MS = 900_000
