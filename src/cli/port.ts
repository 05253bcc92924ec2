/** Whether the text of a flag is a port, 0 for any that is free. */
export function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) < 65_536
}
