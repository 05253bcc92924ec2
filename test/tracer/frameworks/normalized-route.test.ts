import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { normalizedRoute } from '../../../src/tracer/frameworks/normalized-route.ts'

/** Routes of Express 5, and what dd-trace 5.132 makes of each. */
const cases: readonly (readonly [route: string, params: object, normalized: string | undefined])[] = [
  ['/', {}, '/'],
  ['/ok', {}, '/ok'],
  ['/users/:id', {}, '/users/{id}'],
  ['/users/:id/', {}, '/users/{id}/'],
  ['/a/:x-:y', {}, '/a/{x+y}'],
  ['/a/:x.:ext', {}, '/a/{x+ext}'],
  ['/files/*path', {}, '/files/{path}'],
  ['/files/x*path', {}, '/files/{path}'],
  ['/a/:b/*c', {}, '/a/{b}/{c}'],
  ['/*c/x', {}, undefined],
  ['/a{/:b}', { b: '1' }, '/a/{b}'],
  ['/a{/:b}', {}, '/a'],
  ['/a{/:b}/', { b: '1' }, '/a/{b}/'],
  ['/a{/:b{/:c}}', { b: '1' }, '/a/{b}'],
  ['/a{/:b{/:c}}', { b: '1', c: '2' }, '/a/{b}/{c}'],
  ['/:a/{b/:c}', { a: '1' }, '/{a}'],
  ['/x{/:id}.json', {}, '/x.json'],
  ['/x{/:id}.json', { id: '1' }, '/x/{id}'],
  ['/a{b}/c', {}, '/a/c'],
  ['/users{/}', {}, '/users'],
  ['/:id/x/:id', {}, '/{param1}/x/{id}'],
  ['/param1/:param1/:id/:id', {}, '/param1/{param1}/{param2}/{id}'],
  ['/:"quo ted"', {}, '/{quo ted}'],
  ['/sp ace/ü', {}, '/sp%20ace/%C3%BC'],
  ['/caf%C3%A9', {}, '/caf%25C3%25A9'],
  ['/a\\:b', {}, '/a%3Ab'],
  ['/a//b', {}, '/a/b'],
  ['x/y', {}, '/x/y'],
  ['/a(b)', {}, undefined],
  ['/:', {}, undefined],
  ['/a{b', {}, undefined],
  ['/a}b', {}, undefined],
]

test.each(cases)('%s with %o is %s', (route, params, normalized) => {
  expect(normalizedRoute(route, params)).toBe(normalized)
  expect(normalizedRoute(route, params)).toBe(normalized)
})

test('no route makes it throw', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('/', ':', '*', '{', '}', '\\', '"', 'a', 'b') }),
      fc.object(),
      (route, params) => {
        expect(normalizedRoute(route, params) ?? '/').toMatch(/^\//)
      },
    ),
  )
})

test('every case ran', () => expect(cases).toHaveLength(32))
