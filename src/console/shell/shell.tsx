import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { isOnline, isSignedOut } from '../api/call.ts'
import { liveState } from '../api/live.ts'
import { me, signOut } from '../api/session.ts'
import { refresh } from '../api/use-data.ts'
import { Button } from '../design/button.tsx'
import { Icon } from '../design/icon.tsx'
import { Menu } from '../design/menu.tsx'
import { Toasts } from '../design/toast.tsx'
import { EmptyState } from '../design/view.tsx'
import icon from '../icon.svg'
import { Panels } from '../panels/panels.tsx'
import { path } from './address.ts'
import { BlockingOff } from './blocking-off.tsx'
import { Help } from './help.tsx'
import { overlay } from './keys.ts'
import { Palette } from './palette.tsx'
import { pages } from './pages.ts'
import { SignInAgain } from './sign-in-again.tsx'
import { usePage } from './use-page.ts'

const liveWords = { connecting: 'Connecting', live: 'Live', lost: 'Reconnecting' } as const

/** The frame of every page: navigation, search, who is signed in, and what lies over the page. */
export function Shell(): JSX.Element {
  const { page, params, Component, failed } = usePage()
  useEffect(() => {
    document.title = `${page?.title ?? 'Not found'} – Portcullis`
  }, [page])
  useEffect(() => {
    if (isOnline.value) void refresh()
  }, [isOnline.value])
  const who = me.value
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <nav class="navigation" aria-label="Pages">
        <a class="brand" href="/">
          <img src={icon} alt="" width="24" height="24" />
          <span>Portcullis</span>
        </a>
        <ul>
          {pages.map(({ path: to, title, icon }) =>
            icon === undefined ? null : (
              <li key={to}>
                <a href={to} aria-current={isUnder(to) ? 'page' : undefined} title={title}>
                  <Icon name={icon} />
                  <span>{title}</span>
                </a>
              </li>
            ),
          )}
        </ul>
      </nav>
      <header class="top">
        <Menu label="Pages" icon="menu" look="quiet">
          {(close) => (
            <div class="menu">
              {pages.map(({ path: to, title, icon }) =>
                icon === undefined ? null : (
                  <a key={to} href={to} onClick={close}>
                    <Icon name={icon} />
                    {title}
                  </a>
                ),
              )}
            </div>
          )}
        </Menu>
        <button type="button" class="find" onClick={() => (overlay.value = 'palette')}>
          <Icon name="search" />
          <span>Go to page, signal, user, address</span>
          <kbd>Ctrl K</kbd>
        </button>
        <span class={`live ${isOnline.value ? liveState.value : 'lost'}`} role="status">
          <i />
          <span>{isOnline.value ? liveWords[liveState.value] : 'Offline'}</span>
        </span>
        {who === null ? null : (
          <Menu label="Account" icon="user" look="quiet">
            {() => (
              <div class="menu">
                <div class="heading">
                  {who.name}, {who.role}
                </div>
                <button type="button" onClick={() => (overlay.value = 'help')}>
                  Keyboard
                </button>
                <Button look="quiet" onPress={signOut}>
                  Sign out
                </Button>
              </div>
            )}
          </Menu>
        )}
      </header>
      {isOnline.value ? null : (
        <div class="offline" role="alert">
          The collector does not answer. What you see was read before; it is tried again.
          <Button small onPress={() => refresh()}>
            Try now
          </Button>
        </div>
      )}
      {who === null ? null : <BlockingOff />}
      <main id="main" tabIndex={-1}>
        {page === undefined ? (
          <EmptyState title="There is no such page">
            <a href="/">To the overview</a>
          </EmptyState>
        ) : failed ? (
          <EmptyState icon="warn" title="The page could not be loaded">
            <p>The collector may have been upgraded.</p>
            <Button onPress={() => location.reload()}>Load it again</Button>
          </EmptyState>
        ) : Component === undefined || who === null ? null : (
          <Component key={path.value} params={params} />
        )}
      </main>
      {who === null ? null : <Panels />}
      {overlay.value === 'help' ? <Help /> : null}
      {overlay.value === 'palette' ? <Palette /> : null}
      {isSignedOut.value ? <SignInAgain isFirst={who === null} /> : null}
      <Toasts />
    </>
  )
}

function isUnder(to: string): boolean {
  return to === '/' ? path.value === '/' : path.value === to || path.value.startsWith(`${to}/`)
}
