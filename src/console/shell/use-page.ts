import type { FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { matchPath, path } from './address.ts'
import { pages, type PageDescription, type PageProps } from './pages.ts'

export interface ShownPage {
  readonly page: PageDescription | undefined
  readonly params: Readonly<Record<string, string>>
  readonly Component: FunctionComponent<PageProps> | undefined
  readonly failed: boolean
}

const loaded = new Map<string, FunctionComponent<PageProps>>()

/** The page of the address, and its code once that is there. */
export function usePage(): ShownPage {
  const [, redraw] = useState(0)
  const [failedPath, setFailed] = useState('')
  const found = pages
    .map((page) => ({ page, params: matchPath(page.path, path.value) }))
    .find(({ params }) => params !== undefined)
  const page = found?.page
  useEffect(() => {
    if (page === undefined || loaded.has(page.path)) return
    page.load().then(
      (Component) => {
        loaded.set(page.path, Component)
        redraw((count) => count + 1)
      },
      () => setFailed(page.path),
    )
  }, [page])
  return {
    page,
    params: found?.params ?? {},
    Component: page === undefined ? undefined : loaded.get(page.path),
    failed: page !== undefined && failedPath === page.path,
  }
}
