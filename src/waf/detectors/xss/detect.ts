import { addressAttributes, dangerousStyles, dangerousTags, dataBindings, events } from './dangerous-names.ts'
import { readHtml, type HtmlVisitor, type Place } from './html-tokenizer.ts'
import { isScriptAddress } from './script-address.ts'

const places: readonly Place[] = ['text', 'tag', "'", '"', '`']

/**
 * Whether a text holds HTML that runs a script when it is put into a page: between tags or inside an attribute value.
 * Dangerous are tags that load or run code, event handlers, addresses with a script's scheme, doctypes, and comments
 * that old browsers obey. Time is linear in the text.
 */
export function detectXss(text: string): boolean {
  const tags = text.includes('<')
  // Without a tag only an attribute can be dangerous, and only with a value.
  if (!tags && !text.includes('=')) return false
  return places.some((place) => canBeIn(text, place, tags) && readHtml(text, place, danger))
}

function canBeIn(text: string, place: Place, tags: boolean): boolean {
  if (place === 'text') return tags
  return place === 'tag' || text.includes(place)
}

type AttributeKind = 'harmless' | 'dangerous' | 'address' | 'style' | 'names an attribute'
let attribute: AttributeKind = 'harmless'

const danger: HtmlVisitor = {
  doctype: () => true,
  tag(text, start, end) {
    attribute = 'harmless'
    // Browsers take nulls out of the names of tags.
    return dangerousTags.has(nameOf(text, start, end).replaceAll('\0', ''))
  },
  attribute(text, start, end) {
    attribute = kindOf(nameOf(text, start, end))
  },
  value(text, start, end) {
    const kind = attribute
    attribute = 'harmless'
    if (kind === 'address') return isScriptAddress(text, start, end)
    if (kind === 'style') return isDangerousStyle(text.slice(start, end))
    if (kind === 'names an attribute') return kindOf(nameOf(text, start, end)) !== 'harmless'
    return kind === 'dangerous'
  },
  comment(text, start, end) {
    const head = text.slice(start, Math.min(start + 6, end)).toUpperCase()
    if (end - start > 3 && (head.startsWith('[IF') || head.startsWith('XML'))) return true
    return head === 'IMPORT' || head === 'ENTITY'
  },
}

/** Longest name that is compared, with room for nulls; a longer one is on no list. */
const longestName = 64

function nameOf(text: string, start: number, end: number): string {
  if (end - start > longestName) return ''
  return text.slice(start, end).toUpperCase()
}

function kindOf(name: string): AttributeKind {
  if (name.startsWith('ON') && events.has(name.slice(2))) return 'dangerous'
  if (dataBindings.has(name)) return 'dangerous'
  if (addressAttributes.has(name)) return 'address'
  if (name === 'STYLE') return 'style'
  // SVG's animations change the attribute that this one names.
  return name === 'ATTRIBUTENAME' ? 'names an attribute' : 'harmless'
}

function isDangerousStyle(style: string): boolean {
  const bare = withoutComments(style).toUpperCase()
  return dangerousStyles.some((word) => bare.includes(word))
}

/** The style without its closed comments. */
function withoutComments(style: string): string {
  let bare = ''
  let from = 0
  for (let open = style.indexOf('/*'); open !== -1; open = style.indexOf('/*', from)) {
    const close = style.indexOf('*/', open + 2)
    if (close === -1) break
    bare += style.slice(from, open)
    from = close + 2
  }
  return bare + style.slice(from)
}
