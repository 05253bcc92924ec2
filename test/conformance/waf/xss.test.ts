import { describe, expect, test } from 'vitest'
import { agreement, operatorInBoth } from '../../support/compare-operator.ts'
import { injectionTexts } from '../../support/injection-texts.ts'
import type { InjectionTexts } from '../../support/injection-texts.ts'

const { ours, reference } = operatorInBoth('is_xss')

/** Texts that both flag; the highlight is one empty string. */
const flagged: readonly string[] = [
  '<script>alert(1)</script>',
  '<scr\0ipt>',
  '<\0script>',
  '</script',
  '<iframe',
  '<style>',
  '<base href=//x>',
  '<img src=x onerror=alert(1)>',
  '<x/onload=1>',
  '<x //onload=1>',
  '</x onload=1>',
  'onload=1',
  '" onload=1',
  "' onload=1",
  '` onload=1',
  'x" onload = x',
  '<a href=javascript:alert(1)>',
  '<a href="&#x6a;avascript:alert(1)">',
  '<a href=&#0000106;avascript:1>',
  '<a href=\u0001javascript:1>',
  '<a href="java\nscript:1">',
  '<a href=data:text/html,x>',
  '<a href=vbscript:x>',
  '<form action=view-source:x>',
  '<x style="background:url(javascript:1)">',
  '<x style=expression(1)>',
  '<animate attributeName=href values=1>',
  '<!DOCTYPE html>',
  '<!--[if IE]>',
  '<?import namespace="t">',
  '<?xml-stylesheet href=x>',
  '<!ENTITY x>',
  '<xml datasrc=1>',
]

/** Texts that neither flags. */
const passed: readonly string[] = [
  '<b>bold</b>',
  '<a href="http://x.com/">x</a>',
  '<p class="x" style="color:red">',
  '</script>',
  '< script',
  '1 < 2 and 3 > 2',
  'a=b&c=d',
  'one = 1',
  'once=true',
  '<x onload>',
  '<x on load=1>',
  '<!-- a comment -->',
  '<![CDATA[x]]>',
  '<% x %>',
  '<?php ?>',
  'javascript:alert(1)',
  'hello',
  '',
]

describe('is_xss says what the reference says', () => {
  test.each(flagged)('%j is flagged', (text) => {
    expect(reference(text)).toBe('')
    expect(ours(text)).toBe('')
  })
  test.each(passed)('%j passes', (text) => {
    expect(reference(text)).toBeUndefined()
    expect(ours(text)).toBeUndefined()
  })
  test('every case ran', () => expect(flagged.length + passed.length).toBeGreaterThanOrEqual(51))
})

/** What ours flags and the reference passes. */
const differences: readonly { readonly says: string; readonly text: string }[] = [
  { says: 'events that came after the list of the reference', text: '<input oncommand=alert(1)>' },
  { says: "events of SVG's animations", text: '<svg><animate onbegin=alert(1)>' },
  { says: 'styles in any case, as browsers read them', text: '<x style="WIDTH:EXPRESSION(alert(1))">' },
]

describe('is_xss differs from the reference where it says why', () => {
  test.each(differences)('$says', ({ text }) => {
    expect(reference(text)).toBeUndefined()
    expect(ours(text)).toBe('')
  })
})

const corpora: readonly { readonly kind: keyof InjectionTexts; readonly texts: number; readonly found: number }[] = [
  { kind: 'benign', texts: 6000, found: 0 },
  { kind: 'htmlAttack', texts: 8000, found: 2000 },
  { kind: 'htmlMutation', texts: 8000, found: 1000 },
  { kind: 'htmlSoup', texts: 8000, found: 5 },
]

describe('is_xss gives the verdict of the reference for every generated text', () => {
  test.each(corpora)('$kind', ({ kind, texts, found }) => {
    const result = agreement(ours, reference, injectionTexts(12)[kind], texts)
    expect(result).toMatchObject({ texts, missed: [], extra: [] })
    expect(result.found).toBeGreaterThanOrEqual(found)
  })
})
