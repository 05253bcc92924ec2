import type { ComponentChildren, JSX } from 'preact'
import { call } from '../../api/call.ts'
import type { Signal } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { readMarkdown, type Inline } from '../../text/markdown.ts'

/** The triage guide of the signal's rule, where it has one. */
export function Guide({ signal }: { readonly signal: Signal }): JSX.Element | null {
  const guide = useData<{ readonly guide: string | null }>({
    key: ['detection-rules', 'guide', signal.rule.id],
    load: (abort) => call('GET', `/api/detection-rules/${encodeURIComponent(signal.rule.id)}/guide`, undefined, abort),
  })
  const text = guide.data?.guide ?? null
  if (text === null) return null
  return (
    <details class="card guide" open>
      <summary>Guide: {signal.rule.name}</summary>
      <div class="prose">
        {readMarkdown(text).map((block, index) =>
          block.kind === 'heading' ? null : block.kind === 'paragraph' ? (
            <p key={index}>{inline(block.inlines)}</p>
          ) : block.kind === 'numbered' ? (
            <ol key={index}>
              {block.items.map((item, at) => (
                <li key={at}>{inline(item)}</li>
              ))}
            </ol>
          ) : (
            <ul key={index}>
              {block.items.map((item, at) => (
                <li key={at}>{inline(item)}</li>
              ))}
            </ul>
          ),
        )}
      </div>
    </details>
  )
}

function inline(parts: readonly Inline[]): ComponentChildren {
  return parts.map(({ look, text }, index) =>
    look === 'strong' ? (
      <b key={index}>{text}</b>
    ) : look === 'code' ? (
      <code key={index}>{text}</code>
    ) : look === 'emphasis' ? (
      <em key={index}>{text}</em>
    ) : (
      text
    ),
  )
}
