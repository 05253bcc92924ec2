import { h, type FunctionComponent, type JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** A component whose code is loaded when it is first shown. */
export function lazy<Props extends object>(load: () => Promise<FunctionComponent<Props>>): FunctionComponent<Props> {
  let loaded: FunctionComponent<Props> | undefined
  return function Lazy(props: Props): JSX.Element | null {
    const [, redraw] = useState(0)
    useEffect(() => {
      if (loaded !== undefined) return
      void load().then((component) => {
        loaded = component
        redraw((count) => count + 1)
      })
    }, [])
    return loaded === undefined ? null : h(loaded, props)
  }
}
