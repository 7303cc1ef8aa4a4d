export { codeableConcept, codeOf, coding, dateTime, listOf, members, notes, period, ucumQuantity, unlessEmpty } from './build.ts';
export type { ConceptParts } from './build.ts';
export { compareResources } from './compare.ts';
export type { CompareOptions, ResourceComparison, ResourceDifference } from './compare.ts';
export { sameInstant, withSeconds } from './date-time.ts';
export { Decimal } from './decimal.ts';
export { asArray, asObject, asString, parseExact, stringifyExact } from './exact-json.ts';
export type { ExactObject, ExactParse, ExactValue, JsonFault, JsonFaultCode, Span } from './exact-json.ts';
export { narrativeDiv, noteText } from './note-text.ts';
export type { NarrativeParts } from './note-text.ts';
export { describeOutcome, outcomeFailed, outcomeIssues } from './operation-outcome.ts';
export type { OutcomeIssue } from './operation-outcome.ts';
export {
  carriesIdentifier,
  carriesTag,
  isAddressableId,
  parseReference,
  referenceTo,
  versionOf,
} from './reference.ts';
export type { ParsedReference } from './reference.ts';
export { escapeSearchValue, searchQuery, selfLinkRepeats, tokenValue } from './search.ts';
