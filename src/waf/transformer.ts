/**
 * A text transformation of rule inputs. `apply` returns undefined when the text is unchanged, so that a chain that
 * changes nothing costs nothing. Source of the semantics: spec/waf-rules.md 2.4.
 */
export interface Transformer<Name extends string = string> {
  readonly name: Name
  readonly aliases: readonly string[]
  apply(value: string): string | undefined
}
