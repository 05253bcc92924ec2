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
history.replaceState(null, '', location.pathname)
if (secret === '') {
  confirm.hidden = true
  says.textContent = 'Open the sign-in link that the collector printed. Another one: portcullis signin'
}
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
      location.replace('/')
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

const style = `body { font: 16px/1.5 system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; margin: 0; }
main { max-width: 26rem; padding: 1rem; }
button { font: inherit; padding: .5rem 1.25rem; cursor: pointer; }
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
