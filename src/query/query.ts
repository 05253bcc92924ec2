/**
 * The explorer's query language, for the server, the detection rules and the console's search bar
 * (spec/collector.md 4 and 5; for its users, docs/query-language.md). What each node means is in ast.ts.
 */
export type { Bound, Comparison, Field, Glob, Leaf, Query, ReservedName, Test } from './ast.ts'
export { type Completion, type Observed, type ObservedFacet, complete } from './complete.ts'
export { type CompletionContext, completionContext } from './completion-context.ts'
export { type ReservedField, freeTextFacets, parseFacet, printFacet, reservedFields } from './fields.ts'
export { fold, wordPattern } from './glob.ts'
export { type Token, tokenize } from './lexer.ts'
export { type Matcher, createMatcher, match } from './match.ts'
export { maxQueryDepth, maxQueryLength, maxQueryTerms, parse } from './parse.ts'
export { print, printText } from './print.ts'
export { QueryError } from './query-error.ts'
