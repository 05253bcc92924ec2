// @vitest-environment happy-dom
import { render } from 'preact'
import { act } from 'preact/test-utils'
import { afterEach, describe, expect, test } from 'vitest'
import { ApiError } from '../../src/console/api/call.ts'
import { me } from '../../src/console/api/session.ts'
import { Button } from '../../src/console/design/button.tsx'
import { Raw } from '../../src/console/design/raw.tsx'
import { steady } from '../../src/console/design/steady-rows.ts'
import { Table } from '../../src/console/design/table.tsx'
import { View } from '../../src/console/design/view.tsx'
import { matchPath } from '../../src/console/shell/address.ts'

const root = document.createElement('div')
document.body.append(root)

function show(content: preact.ComponentChild): void {
  void act(() => render(content, root))
}
afterEach(() => show(null))

test('text from the outside becomes no element, and is folded', () => {
  show(<Raw text={`<img src=x onerror=alert(1)>\u202e${'x'.repeat(200)}`} max={40} />)
  expect(root.querySelector('img')).toBe(null)
  expect(root.textContent).toContain('<img src=x onerror=alert(1)>U+202E')
  expect(root.textContent).toContain('… 189 more')
  void act(() => root.querySelector('button')?.click())
  expect(root.textContent).toContain('x'.repeat(200))
})

describe('a table', () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => ({ id: `r${index}`, value: index }))
  const columns = [{ key: 'v', title: 'Value', cell: ({ value }: { value: number }) => value }] as const

  test('makes only some of ten thousand rows, and says how many there are', () => {
    show(<Table label="Rows" rows={rows} columns={columns} keyOf={({ id }) => id} />)
    expect(root.querySelectorAll('tbody tr.line').length).toBeLessThan(100)
    expect(root.querySelector('table')?.getAttribute('aria-rowcount')).toBe('10001')
  })

  test('moves by j and k, and opens by Enter', async () => {
    const opened: string[] = []
    show(
      <Table
        label="Rows"
        rows={rows.slice(0, 5)}
        columns={columns}
        keyOf={({ id }) => id}
        onOpen={({ id }) => opened.push(id)}
      />,
    )
    const press = (key: string): void => {
      const target = document.activeElement?.closest('tr') ?? root.querySelector('.table-frame')
      void act(() => void target?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })))
    }
    const settle = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve))
    for (const key of ['j', 'j', 'k', 'j']) {
      press(key)
      await settle()
    }
    press('Enter')
    expect(opened).toEqual(['r1'])
  })

  test('keeps the row that has the focus in its place when others come before it, and says that they wait', () => {
    const list = (from: number): preact.JSX.Element => (
      <Table label="Rows" rows={rows.slice(from, 5)} columns={columns} keyOf={({ id }) => id} />
    )
    show(list(2))
    void act(() => root.querySelector<HTMLElement>('tr.line')?.focus())
    show(list(0))
    expect(root.querySelector('tr.line')?.textContent).toBe('2')
    expect(root.textContent).toContain('2 new')
    void act(() => (document.activeElement as HTMLElement).blur())
    expect(root.querySelector('tr.line')?.textContent).toBe('0')
  })

  test('keeps rows where they are while it is held, with their new values', () => {
    const keyOf = ({ id }: { id: string }): string => id
    const shown = [
      { id: 'b', n: 1 },
      { id: 'a', n: 1 },
    ]
    const next = [
      { id: 'd', n: 1 },
      { id: 'c', n: 1 },
      { id: 'a', n: 2 },
      { id: 'b', n: 2 },
      { id: 'x', n: 1 },
    ]
    expect(steady(shown, next, keyOf)).toEqual([
      { id: 'b', n: 2 },
      { id: 'a', n: 2 },
      { id: 'x', n: 1 },
    ])
    expect(steady(shown, [{ id: 'q', n: 1 }], keyOf)).toEqual([{ id: 'q', n: 1 }])
  })
})

describe('a view', () => {
  const refetch = async (): Promise<void> => undefined
  const error = new ApiError(500, { code: 'INTERNAL', detail: 'it broke' })

  test('says why there is nothing, with the code, and tries again', () => {
    let tries = 0
    show(<View data={{ data: undefined, error, refetch: async () => void tries++ }}>{() => 'there'}</View>)
    expect(root.textContent).toContain('it broke')
    expect(root.textContent).toContain('INTERNAL')
    void act(() => root.querySelector('button')?.click())
    expect(tries).toBe(1)
  })
  test('keeps what was read last beside the error', () => {
    show(<View data={{ data: 1, error, refetch }}>{() => 'there'}</View>)
    expect(root.textContent).toContain('there')
    expect(root.textContent).toContain('reading it again failed')
  })
  test('says what is missing of a part', () => {
    show(
      <View data={{ data: 1, error: null, refetch }} partial={() => 'only 3 of 7 days'}>
        {() => 'there'}
      </View>,
    )
    expect(root.textContent).toContain('only 3 of 7 days')
  })
  test('says loading only after a moment', () => {
    show(<View data={{ data: undefined, error: null, refetch }}>{() => 'there'}</View>)
    expect(root.textContent).toBe('')
    expect(root.querySelector('[aria-busy]')).not.toBe(null)
  })
})

test('an action that the role does not allow is not there', () => {
  const roles = ['viewer', 'responder', 'admin'] as const
  const seen = roles.map((role) => {
    me.value = { id: '1', name: 'ann', role }
    show(<Button needs="responder">Block</Button>)
    return root.querySelector('button') !== null
  })
  expect(seen).toEqual([false, true, true])
})

test('paths give their parameters, whatever is in them', () => {
  expect(matchPath('/signals/:id', '/signals/a%2Fb')).toEqual({ id: 'a/b' })
  expect(matchPath('/signals/:id', '/signals/%E0%A4%A')).toEqual({ id: '%E0%A4%A' })
  expect(matchPath('/signals/:id', '/signals')).toBe(undefined)
  expect(matchPath('/signals', '/signals/')).toEqual({})
})
