/** The value that `percent` of the list do not exceed, rounded for people; `–` of an empty list. */
export function percentile(list, percent) {
  if (list.length === 0) return '–'
  const sorted = [...list].sort((a, b) => a - b)
  return Number(sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))].toFixed(1))
}
