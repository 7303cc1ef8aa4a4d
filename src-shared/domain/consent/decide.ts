import type { BusinessEvent, Origin } from '../business-event.ts';
import type { ContentKind } from '../content.ts';
import type { FailureCode } from '../failures.ts';
import type { Role } from '../people.ts';
import type { ConsentCoding, ConsentDecision, ConsentRule, NamedConsent, RecordedConsent } from './model.ts';
import { labelsOf, organizationRule, type ConsentPolicy, type OrganizationAsk } from './organization.ts';
import { answerOf, endOf, type ConsentAnswer, type ConsentAsk } from './provision.ts';
import { counts } from './replace.ts';

/** Whether a write may be made, as far as consent goes (G1). The same function when it is built and when it is sent. */

export interface ConsentFacts {
  /** The event's own `consent` member, if it has one. */
  readonly stated: BusinessEvent['consent'] | undefined;
  readonly event: { readonly id: string; readonly version: number };
  /** What is recorded of this patient, from all events and documents so far. */
  readonly recorded: readonly RecordedConsent[];
  /** The consent that the event names; left out where it names none, or where no EHR is asked. */
  readonly named?: NamedConsent | null;
  readonly policy: ConsentPolicy;
  readonly kind: ContentKind;
  readonly resourceType: string;
  readonly connection: string;
  readonly origin: Origin;
  readonly encounterClass: string | null;
  /** All codes in the content that is written. */
  readonly codes: readonly ConsentCoding[];
  /** References of practitioner and organization, where the event gives them. */
  readonly actors: readonly string[];
  readonly dataAt: number | null;
  /** Where the connection is (ISO 3166-2); left out where nobody has said. */
  readonly region?: string | undefined;
  /** The clinician has attested what the source made. */
  readonly attested?: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

const PURPOSE = 'treatment';
const REASONS = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
const ACTIONS = 'http://terminology.hl7.org/CodeSystem/consentaction';
const TYPES = 'http://hl7.org/fhir/resource-types';

/** Asks the rules in the order of `consentRules`; the first that applies decides. Anything but `permit` stops the write. */
export function decideConsent(facts: ConsentFacts): ConsentDecision {
  const { stated, policy, now } = facts;
  const own = `event ${facts.event.id} version ${facts.event.version}`;
  const say = (result: ConsentDecision['result'], rule: ConsentRule, artifact: string, reason: string): ConsentDecision => ({
    result,
    rule,
    artifact: stated?.reference === undefined || artifact !== own ? artifact : `${own}, ${stated.reference}`,
    reason,
  });
  if (facts.kind === 'consent')
    return say('permit', 'record-of-consent', own, 'what a patient has decided is always written down, a refusal too');

  if (stated?.status === 'revoked') return say('deny', 'revoked', own, 'the source says that consent was revoked');
  if (stated?.status === 'inactive') return say('deny', 'inactive', own, 'the source says that consent is not in force');
  if (expired(stated?.expiresAt, now)) return say('deny', 'expired', own, 'the consent that the source names has expired');

  const answers = currentOf(facts.recorded).map((one) => ({ one, answer: answerOf(one, askOf(facts)) }));
  const saying = (answer: ConsentAnswer): RecordedConsent | undefined => answers.find((one) => one.answer === answer)?.one;
  const refusal = saying('deny');
  if (refusal !== undefined) return say('deny', 'refused-by-patient', refusal.id, 'a recorded consent of the patient denies it');
  const unread = saying('unknown');
  if (unread !== undefined)
    return say(
      'unknown',
      'not-readable',
      unread.id,
      unread.unreadable ?? 'whether its rules apply cannot be told from what is known',
    );

  const { named } = facts;
  if (named !== undefined && named !== null) {
    // What the source calls its ground has to hold; that something else would permit it as well does not mend that.
    const { reference, because } = named;
    if (named.consent === null)
      return say(
        'unknown',
        'named-missing',
        reference,
        `the consent that the event names is no ground: ${because ?? 'it is not there'}`,
      );
    const answer = answerOf(named.consent, askOf(facts));
    if (answer === 'deny') return say('deny', 'named-denies', reference, 'the consent that the event names denies it');
    if (answer !== 'permit')
      return say('unknown', 'named-unclear', reference, 'the consent that the event names does not permit this');
  }
  if (stated?.status === 'unknown')
    return say('unknown', 'stated-unknown', own, 'the source does not know whether there is consent');
  const purpose = policy.purposes[PURPOSE];
  if (stated?.purposes !== undefined && !stated.purposes.some((one) => purpose?.words.includes(one)))
    return say('deny', 'out-of-scope', own, 'the purposes that the source names do not include treatment');

  const ask = organizationAsk(facts);
  const denies = organizationRule(policy, 'deny', ask);
  if (denies !== undefined) return say('deny', 'organization-denies', artifactOf(policy, denies.id), denies.reason);
  const permission = saying('permit');
  if (permission !== undefined)
    return say('permit', 'permitted-by-patient', permission.id, 'a recorded consent of the patient permits it');
  if (stated?.status === 'active') return say('permit', 'stated-active', own, 'the source says that consent is in force');
  const explicit = organizationRule(policy, 'explicit', ask);
  if (explicit !== undefined) return say('unknown', 'explicit-needed', artifactOf(policy, explicit.id), explicit.reason);
  const implied = organizationRule(policy, 'implied', ask);
  if (implied !== undefined) return say('permit', 'implied', artifactOf(policy, implied.id), implied.reason);
  return say(
    'unknown',
    'nothing-known',
    `policy ${policy.version}`,
    'nobody has said anything, and no rule of the organization permits it',
  );
}

function artifactOf(policy: ConsentPolicy, rule: string): string {
  return `policy ${policy.version}, rule ${rule}`;
}

function expired(expiresAt: string | null | undefined, now: number): boolean {
  if (expiresAt === null || expiresAt === undefined) return false;
  const end = endOf(expiresAt);
  return end === undefined || end <= now;
}

/**
 * Of consents with the same scope and category the newest counts, and when two are as new, both do. One that nobody has
 * approved yet takes no other's place; it counts beside them, and only as far as it denies.
 */
function currentOf(recorded: readonly RecordedConsent[]): readonly RecordedConsent[] {
  const live = recorded.filter((one) => one.status !== 'entered-in-error' && counts(one));
  return live.filter(
    (one) => !live.some((other) => other.at > one.at && groupOf(other) === groupOf(one) && !other.restrictsOnly),
  );
}

function groupOf(one: RecordedConsent): string {
  const codes = (list: RecordedConsent['scope']): string =>
    list
      .map((code) => code.code)
      .toSorted()
      .join(',');
  return `${codes(one.scope)} ${codes(one.category)}`;
}

function askOf(facts: ConsentFacts): ConsentAsk {
  const labels = labelsOf(facts.policy, facts.codes);
  return {
    at: facts.now,
    purpose: { system: REASONS, code: facts.policy.purposes[PURPOSE]?.code ?? 'TREAT' },
    action: { system: ACTIONS, code: 'collect' },
    actors: facts.actors,
    class: [{ system: TYPES, code: facts.resourceType }],
    code: facts.codes,
    // No label is not the same as "not sensitive".
    securityLabel: labels.length === 0 ? null : labels.map((code) => ({ system: null, code })),
    dataAt: facts.dataAt,
  };
}

function organizationAsk(facts: ConsentFacts): OrganizationAsk {
  const { kind, origin, connection, encounterClass, region = null, attested = false } = facts;
  const labels = labelsOf(facts.policy, facts.codes);
  return { purpose: PURPOSE, kind, origin, connection, encounterClass, labels, region, attested };
}

const HOLDS: Readonly<Record<ConsentRule, FailureCode>> = {
  'record-of-consent': 'consent-unknown',
  revoked: 'consent-revoked',
  inactive: 'consent-revoked',
  expired: 'consent-expired',
  'refused-by-patient': 'consent-denied',
  'not-readable': 'consent-unknown',
  'named-missing': 'consent-unknown',
  'named-denies': 'consent-denied',
  'named-unclear': 'consent-unknown',
  'stated-unknown': 'consent-unknown',
  'out-of-scope': 'consent-out-of-scope',
  'organization-denies': 'consent-denied',
  'permitted-by-patient': 'consent-unknown',
  'stated-active': 'consent-unknown',
  'explicit-needed': 'consent-unknown',
  implied: 'consent-unknown',
  'nothing-known': 'consent-unknown',
};

/** Why a write that may not be made is held, and who can lift it; `null` when it may. */
export function consentHold(decision: ConsentDecision): { readonly code: FailureCode; readonly liftedBy: Role } | null {
  return decision.result === 'permit' ? null : { code: HOLDS[decision.rule], liftedBy: 'compliance-reviewer' };
}
