import type { FastifyInstance } from 'fastify'

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in – Portcullis</title>
<link rel="stylesheet" href="/signin.css">
</head>
<body>
<main>
<h1>Portcullis</h1>
<p id="says" role="status">Sign in on this browser with the link that you opened. It works once.</p>
<button id="confirm" type="button">Sign in</button>
<noscript><p>This page needs JavaScript: the link’s secret stays in the browser until you confirm.</p></noscript>
</main>
<script src="/signin.js" defer></script>
</body>
</html>
`

const script = `const says = document.getElementById('says')
const confirm = document.getElementById('confirm')
const secret = location.hash.slice(1)
// Where to go then: a path of this console, so that a link cannot lead elsewhere.
const to = new URLSearchParams(location.search).get('to') ?? '/'
const wanted = new URL(URL.canParse(to, location.origin) ? to : '/', location.origin)
const next = wanted.origin === location.origin ? wanted.pathname + wanted.search : '/'
history.replaceState(null, '', location.pathname)
if (secret === '') {
  confirm.hidden = true
  says.textContent = 'Open the sign-in link that the collector printed. Another one: portcullis signin'
}
// Another link that is opened in this tab changes no more than what stands behind the #.
addEventListener('hashchange', () => location.reload())
confirm.addEventListener('click', async () => {
  confirm.disabled = true
  says.textContent = 'Signing in …'
  try {
    const reply = await fetch('/api/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ secret }),
    })
    const body = await reply.json()
    if (reply.ok) {
      confirm.hidden = true
      says.textContent = 'You are signed in as ' + body.name + '.'
      location.replace(next)
      return
    }
    says.textContent =
      body.code === 'UNAUTHORIZED' ? 'This link was used or is too old. Another one: portcullis signin' : body.detail
  } catch {
    says.textContent = 'The collector does not answer. Try again.'
  }
  confirm.disabled = false
})
`

const style = `:root { color-scheme: light dark; }
body { font: 15px/1.5 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif; display: grid; place-items: center; min-height: 100dvh; margin: 0; background: light-dark(#f6f7f9, #0e1116); color: light-dark(#171b23, #e7eaf0); }
main { width: min(26rem, calc(100vw - 2rem)); box-sizing: border-box; padding: 1.75rem 2rem 2rem; border: 1px solid light-dark(#e0e4ea, #2a303b); border-radius: 12px; background: light-dark(#fff, #161a21); }
h1 { margin: 0 0 .5rem; font-size: 1.25rem; letter-spacing: -.01em; }
p { margin: 0 0 1.25rem; color: light-dark(#59616f, #a0a9b8); }
button { font: inherit; font-weight: 600; width: 100%; min-height: 40px; border: 0; border-radius: 6px; background: light-dark(#2b4acb, #3c5ce0); color: #fff; cursor: pointer; }
button:disabled { opacity: .6; }
:focus-visible { outline: 2px solid light-dark(#2b4acb, #a9bdff); outline-offset: 2px; }
`

const files = [
  { url: '/signin', type: 'text/html; charset=utf-8', content: html },
  { url: '/signin.js', type: 'text/javascript; charset=utf-8', content: script },
  { url: '/signin.css', type: 'text/css; charset=utf-8', content: style },
] as const

/**
 * The page behind a sign-in link. Only its button's POST uses the link up, so that a preview of the link does not; the
 * secret stands behind the #, so that no log and no referrer has it.
 */
export function signInPage(server: FastifyInstance): void {
  for (const { url, type, content } of files) {
    server.get(url, { schema: { hide: true }, config: { access: 'public' } }, (_request, reply) =>
      reply.type(type).headers({ 'content-security-policy': policy, 'referrer-policy': 'no-referrer' }).send(content),
    )
  }
}
