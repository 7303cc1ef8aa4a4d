/**
 * Consent as it is decided on (G1): what a patient or a source has said, in a form that does not depend on how it
 * came. Plain JSON without fractions: it stands in log entries and rows as it is.
 */

export interface ConsentCoding {
  readonly system: string | null;
  readonly code: string;
}

/** Who is meant by a provision: a role, a named party, or both. */
export interface ConsentActor {
  readonly role: readonly ConsentCoding[];
  readonly reference: string | null;
}

/** FHIR date, dateTime or instant texts; either end may be open. */
export interface ConsentPeriod {
  readonly start: string | null;
  readonly end: string | null;
}

/**
 * A rule of FHIR R4 `Consent.provision` (https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision). Lists that
 * are empty state no condition; of those stated, each must be met, by any of its members.
 */
export interface ConsentProvision {
  /** `null` in a nested rule: the opposite of the rule around it. */
  readonly type: 'permit' | 'deny' | null;
  readonly period: ConsentPeriod | null;
  readonly actor: readonly ConsentActor[];
  readonly action: readonly ConsentCoding[];
  readonly securityLabel: readonly ConsentCoding[];
  readonly purpose: readonly ConsentCoding[];
  readonly class: readonly ConsentCoding[];
  readonly code: readonly ConsentCoding[];
  readonly dataPeriod: ConsentPeriod | null;
  /** References to single resources: what they are cannot be told from here. */
  readonly data: readonly string[];
  readonly provision: readonly ConsentProvision[];
}

export const consentStatuses = ['draft', 'proposed', 'active', 'rejected', 'inactive', 'entered-in-error'] as const;
export type ConsentStatus = (typeof consentStatuses)[number];

/** A patient's consent as it was recorded. */
export interface RecordedConsent {
  /** What it is called: `Consent/7`, an identifier, or event and slot. A newer record of the same name replaces it (`replace.ts`). */
  readonly id: string;
  readonly status: ConsentStatus;
  readonly scope: readonly ConsentCoding[];
  readonly category: readonly ConsentCoding[];
  /** When the patient gave it, or, where that is not said, when it was recorded; epoch milliseconds. */
  readonly at: number;
  /** Nobody said when it was given. */
  readonly undated?: true;
  /** When the server that holds the document last changed it, where it says so; epoch milliseconds. */
  readonly lastUpdated?: number;
  /** What the named policy says where the root rule does not (`OPTIN`: permit, `OPTOUT`: deny). */
  readonly base: 'permit' | 'deny' | null;
  readonly provision: ConsentProvision | null;
  /** Why it cannot be judged by a machine; such a consent never permits. */
  readonly unreadable: string | null;
  /** Nobody has approved it yet: it can take permission away, never give it. */
  readonly restrictsOnly: boolean;
}

/** Whether something may be done, by which rule, and which artifact made that rule. */
export interface ConsentDecision {
  readonly result: 'permit' | 'deny' | 'unknown';
  readonly rule: ConsentRule;
  readonly artifact: string;
  /** In plain words, without anything about the patient. */
  readonly reason: string;
}

/** The rules in the order in which they are asked; the first that applies decides. */
export const consentRules = [
  'record-of-consent',
  'revoked',
  'inactive',
  'expired',
  'refused-by-patient',
  'not-readable',
  'named-missing',
  'named-denies',
  'named-unclear',
  'stated-unknown',
  'out-of-scope',
  'organization-denies',
  'permitted-by-patient',
  'stated-active',
  'explicit-needed',
  'implied',
  'nothing-known',
] as const;
export type ConsentRule = (typeof consentRules)[number];

/** The consent that an event names, as the EHR holds it at the moment of asking. */
export interface NamedConsent {
  readonly reference: string;
  /** `null`: it is not there, is somebody else's, or cannot be read. */
  readonly consent: RecordedConsent | null;
  /** Why there is none, in words without anything about the patient. */
  readonly because: string | null;
}
