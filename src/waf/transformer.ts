/**
 * A text transformation of rule inputs. `apply` returns undefined when the text is unchanged, so that a chain that
 * changes nothing costs nothing. Source of the semantics: spec/waf-rules.md 2.4.
 */
export interface Transformer<Name extends string = string> {
  readonly name: Name
  readonly aliases: readonly string[]
  /**
   * When given: a text that holds none of these characters is left unchanged, upper case to lower case aside, so the
   * engine need not call `apply`. U+0080 stands for every character beyond ASCII.
   */
  readonly triggers?: string
  /** When given: a text in which this is not found is left unchanged, even where it holds such characters. It names no letters. */
  readonly changes?: RegExp
  /** When given: no other characters than these come about that the text did not hold before, case aside. */
  readonly creates?: string
  apply(value: string): string | undefined
}
