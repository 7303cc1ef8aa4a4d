export { consentHold, decideConsent } from './decide.ts';
export type { ConsentFacts } from './decide.ts';
export { consentResource, readConsent } from './fhir.ts';
export type { ConsentRead } from './fhir.ts';
export { codesOfItem, consentsOf, originOf, patientNames } from './from-event.ts';
export { consentRules, consentStatuses } from './model.ts';
export type { ConsentDecision, ConsentRule, NamedConsent, RecordedConsent } from './model.ts';
export { consentPolicy, isRegion } from './organization.ts';
export type { ConsentPolicy } from './organization.ts';
