import { render } from 'preact'
import './design/tokens.css'
import './design/base.css'
import './design/controls.css'
import './design/table.css'
import './design/chart.css'
import './design/panel.css'
import './shell/shell.css'
import { followEvents } from './api/live.ts'
import { readSession } from './api/session.ts'
import { followAddress } from './shell/address.ts'
import { followKeys } from './shell/keys.ts'
import { Shell } from './shell/shell.tsx'

followAddress()
followKeys()
followEvents()
readSession().catch(() => undefined)
const root = document.getElementById('app')
if (root !== null) render(<Shell />, root)
