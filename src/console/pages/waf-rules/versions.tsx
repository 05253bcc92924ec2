import type { JSX } from 'preact'
import { call } from '../../api/call.ts'
import type { Page } from '../../api/shapes.ts'
import { useData } from '../../api/use-data.ts'
import { Raw } from '../../design/raw.tsx'
import { VersionList } from '../../design/version-list.tsx'
import { Card, View } from '../../design/view.tsx'
import { modeWords, type WafRule, type WafRuleVersion } from './waf-shapes.ts'

/** What the rule was before, by whom it was changed, and why a version was taken back by itself. */
export function Versions({ rule }: { readonly rule: WafRule }): JSX.Element {
  const versions = useData<Page<WafRuleVersion>>({
    key: ['waf-rules', 'versions', rule.id, rule.version],
    load: (signal) => call('GET', `/api/waf-rules/${encodeURIComponent(rule.id)}/versions`, undefined, signal),
  })
  return (
    <Card title="Versions">
      <View data={versions}>
        {({ items }) => (
          <VersionList
            versions={items.map(({ rule: was, at, by, deleted, fault }) => ({
              version: was.version,
              at,
              says: (
                <>
                  {deleted ? 'deleted' : modeWords[was.mode].says.toLowerCase()} by <Raw text={by} max={30} />
                  {fault === null ? null : (
                    <span class="warn-text">
                      , taken back: <Raw text={fault} max={160} />
                    </span>
                  )}
                </>
              ),
            }))}
          />
        )}
      </View>
    </Card>
  )
}
