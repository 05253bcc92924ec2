import { computed, signal } from '@preact/signals'

/** The page's address: its state is here and nowhere else, so that back, reload and a shared link work. */
const current = signal(new URL(location.href))

export const path = computed(() => current.value.pathname)
const parameters = computed(() => current.value.searchParams)

/** A parameter of the address; empty when it is not there. */
export function parameter(name: string): string {
  return parameters.value.get(name) ?? ''
}

/** The address of this page with some parameters changed; undefined or empty takes one away. */
export function addressWith(changes: Readonly<Record<string, string | undefined>>): string {
  const next = new URLSearchParams(parameters.value)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') next.delete(name)
    else next.set(name, value)
  }
  return next.size === 0 ? path.value : `${path.value}?${next.toString()}`
}

/** Goes to an address of the console. `replace`: without a step back to where one was. */
export function go(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  const next = new URL(to, location.href)
  if (next.origin !== location.origin) return
  if (replace) history.replaceState(null, '', next)
  else if (next.href !== location.href) history.pushState(null, '', next)
  const isOther = next.pathname !== current.value.pathname
  current.value = next
  if (isOther) scrollTo(0, 0)
}

/** Changes parameters of this page's address. */
export function setParameters(
  changes: Readonly<Record<string, string | undefined>>,
  options?: { replace?: boolean },
): void {
  go(addressWith(changes), options)
}

/** Takes over the browser's own steps, and clicks on links that stay in the console. */
export function followAddress(): void {
  addEventListener('popstate', () => (current.value = new URL(location.href)))
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    const link = (event.target as Element | null)?.closest('a')
    if (link === null || link === undefined || link.target !== '' || link.hasAttribute('download')) return
    if (link.origin !== location.origin || /^\/(api|signin)\b/.test(link.pathname)) return
    event.preventDefault()
    go(link.href)
  })
}

/** The parameters of a path by a pattern such as `/signals/:id`; undefined when it is another path. */
export function matchPath(pattern: string, actual: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split('/')
  const given = actual.replace(/(?<=.)\/$/, '').split('/')
  if (wanted.length !== given.length) return undefined
  const found: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    if (part.startsWith(':')) found[part.slice(1)] = decode(value)
    else if (part !== value) return undefined
  }
  return found
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
