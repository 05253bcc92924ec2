/** How paths are written where the service runs. */
export type PathStyle = 'posix' | 'windows'

/**
 * Whether a parameter chose the file that a path names: the path ends with it, and it is absolute and the whole path,
 * or climbs (`..` among other parts).
 */
export function detectPathInjection(path: string, parameter: string, style: PathStyle): boolean {
  const slashed = style === 'windows' ? parameter.replaceAll('\\', '/') : parameter
  if (!slashed.includes('/') || !path.endsWith(parameter)) return false
  if (isAbsolute(parameter, style) && path.length === parameter.length) return true
  const parts = slashed.split('/').filter((part) => part !== '')
  return parts.length > 1 && parts.includes('..')
}

function isAbsolute(path: string, style: PathStyle): boolean {
  return path.startsWith('/') || (style === 'windows' && /^(?:\\|[A-Za-z]:)/.test(path))
}
