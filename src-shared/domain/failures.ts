import { failure, failureClasses, type Failure, type FailureClass } from './failure-class.ts';
import { identityFailures } from './failures.identity.ts';
import { policyFailures } from './failures.policy.ts';

/**
 * Every reason for which Countersign refuses, waits or is unsure (I2; architecture, rule 7): one stable code each, with
 * its class, who owns it, what happened in plain words, what to do next, and whether time alone can mend it.
 * Codes are never renamed and never reused.
 */

export { failureClasses };
export type { Failure, FailureClass };

const CORRECT_AND_SEND = 'Correct the record at its source and send it again.';

export const failures = {
  // Records that were not taken in.
  'json-syntax': failure('intake', 'source', 'final', 'The record is not valid JSON.', CORRECT_AND_SEND),
  'json-duplicate-key': failure('intake', 'source', 'final', 'The record names the same member twice.', CORRECT_AND_SEND),
  'json-too-deep': failure('intake', 'source', 'final', 'The record is nested too deeply.', CORRECT_AND_SEND),
  'json-forbidden-key': failure(
    'intake',
    'source',
    'final',
    'The record uses a member name that is not allowed.',
    CORRECT_AND_SEND,
  ),
  'json-bad-text': failure(
    'intake',
    'source',
    'final',
    'The record holds text that is not valid Unicode or holds raw control characters.',
    CORRECT_AND_SEND,
  ),
  'record-too-large': failure(
    'intake',
    'source',
    'final',
    'The record is larger than 20 MB.',
    'Send large attachments as separate documents.',
  ),
  'record-not-utf8': failure('intake', 'source', 'final', 'The record is not UTF-8 text.', CORRECT_AND_SEND),
  'event-invalid': failure('intake', 'source', 'final', 'The record does not follow the event format 1.0.', CORRECT_AND_SEND),
  'event-unknown-field': failure(
    'intake',
    'source',
    'final',
    'The record has a member that the event format does not know.',
    CORRECT_AND_SEND,
  ),
  'event-duplicate-slot': failure('intake', 'source', 'final', 'Two items of the event have the same key.', CORRECT_AND_SEND),
  'event-too-many-writes': failure(
    'intake',
    'source',
    'final',
    'The event asks for more chart entries than one event may.',
    'Split the event.',
  ),
  'event-version-conflict': failure(
    'intake',
    'source',
    'final',
    'An event with this id was taken in with other content, and this one has no higher version.',
    'Send the changed content with a higher version.',
  ),
  'event-id-taken': failure(
    'intake',
    'source',
    'final',
    'Another source has already used this event id.',
    'Use an id of its own for each event.',
  ),
  'source-unknown': failure(
    'intake',
    'integration-administrator',
    'final',
    'The source is not registered.',
    'Register the source with "source add", then send the record again.',
  ),
  'source-not-allowed': failure(
    'intake',
    'integration-administrator',
    'final',
    'The source is not allowed to send this tenant, type or origin.',
    'Check the allow-list of the source.',
  ),
  'tenant-unknown': failure(
    'intake',
    'integration-administrator',
    'final',
    'No connection serves this tenant.',
    'Add a connection for the tenant, then send the record again.',
  ),
  'connection-unknown': failure(
    'intake',
    'integration-administrator',
    'final',
    'The record names a connection that does not exist or does not serve its tenant.',
    'Check the name of the connection.',
  ),
  'connection-ambiguous': failure(
    'intake',
    'source',
    'final',
    'The tenant has several connections and the record names none.',
    'Name the connection under "targets".',
  ),

  // Who and where.
  ...identityFailures,

  // Checks and policy.
  ...policyFailures,

  // Before and while sending.
  'ehr-unreachable': failure(
    'unavailable',
    'operations-lead',
    'retryable',
    'The EHR could not be reached.',
    'It is tried again by itself.',
  ),
  'ehr-unavailable': failure(
    'unavailable',
    'operations-lead',
    'retryable',
    'The EHR said that it cannot work right now.',
    'It is tried again by itself.',
  ),
  'ehr-rate-limit': failure(
    'rate-limit',
    'operations-lead',
    'retryable',
    'The EHR asked for fewer requests.',
    'It is tried again by itself, no sooner than the EHR asked.',
  ),
  'ehr-fault': failure(
    'unavailable',
    'operations-lead',
    'retryable',
    'The EHR answered with an error of its own.',
    'It is tried again by itself.',
  ),
  'sign-in-needed': failure(
    'authentication',
    'integration-administrator',
    'lift',
    'The EHR did not accept the sign-in of this connection.',
    'Renew the credential, then release the write.',
  ),
  'permission-denied': failure(
    'permission',
    'integration-administrator',
    'lift',
    'The EHR does not let this connection make this change.',
    'Have the permission granted in the EHR, then release the write.',
  ),
  'ehr-rejected': failure(
    'ehr-schema',
    'integration-administrator',
    'final',
    'The EHR refused the content.',
    'See the answer of the EHR; correct the content at its source.',
  ),
  'ehr-not-supported': failure(
    'ehr-schema',
    'integration-administrator',
    'final',
    'The EHR does not know this kind of resource or change.',
    'Check the connection; enter it by hand meanwhile.',
  ),
  'ehr-answer-unreadable': failure(
    'unavailable',
    'operations-lead',
    'retryable',
    'The answer of the EHR could not be understood.',
    'It is tried again by itself.',
  ),
  'checks-used-up': failure(
    'unavailable',
    'operations-lead',
    'lift',
    'The EHR could not be read for the checks of this write, as often as it was tried.',
    'Check the EHR; the write is checked again when the engine next starts.',
  ),
  'attempts-used-up': failure(
    'unavailable',
    'operations-lead',
    'final',
    'It was tried as often as allowed, and each time the change was proved not to have been made.',
    'Check the EHR; then send a new version or enter it by hand.',
  ),
  'version-conflict': failure(
    'conflict',
    'clinician',
    'final',
    'The chart was changed by someone else in the meantime.',
    'Compare both versions and decide. Nothing was overwritten.',
  ),
  'context-changed': failure(
    'conflict',
    'clinician',
    'final',
    'Something in the chart that the content relied on was changed since.',
    'Look at what changed, then approve or withdraw it.',
  ),
  'earlier-version-charted': failure(
    'conflict',
    'clinician',
    'final',
    'An earlier version of this item is in the chart; a second entry beside it would be a duplicate.',
    'Correct the entry in the chart, then resolve this write by hand.',
  ),
  'several-match': failure(
    'duplicate',
    'operations-lead',
    'final',
    'The EHR holds more than one entry that matches this write.',
    'Look at the entries in the chart. Nothing more was sent.',
  ),

  // Not known.
  'reply-lost': failure(
    'ambiguous',
    'operations-lead',
    'look',
    'The request left, and no complete answer came back.',
    'The chart is being looked at; it is not sent again blindly.',
  ),
  'reply-late': failure(
    'ambiguous',
    'operations-lead',
    'look',
    'The EHR took longer than allowed; it may still have made the change.',
    'The chart is being looked at; it is not sent again blindly.',
  ),
  'reply-unclear': failure(
    'ambiguous',
    'operations-lead',
    'look',
    'The answer of the EHR does not say for certain whether the change was made.',
    'The chart is being looked at; it is not sent again blindly.',
  ),
  'accepted-only': failure(
    'ambiguous',
    'operations-lead',
    'look',
    'The EHR accepted the request but has not said that the change was made.',
    'The chart is being looked at; it is not sent again blindly.',
  ),
  'accepted-then-refused': failure(
    'ambiguous',
    'operations-lead',
    'look',
    'The EHR accepted the request and later reported that it could not carry it out.',
    'The chart is being looked at to be sure. Then correct what the EHR objects to.',
  ),
  'held-in-ehr': failure(
    'ambiguous',
    'clinician',
    'look',
    'The EHR has put it into an inbox, for somebody there to take it over into the chart.',
    'Take it over in the EHR. The chart is being looked at; it is not sent again.',
  ),
  'crashed-in-flight': failure(
    'ambiguous',
    'operations-lead',
    'look',
    'The engine stopped while this write was under way.',
    'The chart is being looked at; it is not sent again blindly.',
  ),
  'search-not-trusted': failure(
    'ambiguous',
    'operations-lead',
    'look',
    'The EHR did not search by the identifier it was asked for, so absence proves nothing.',
    'A person must look in the chart.',
  ),
  'look-ups-used-up': failure(
    'ambiguous',
    'operations-lead',
    'look',
    'Looking at the chart did not settle whether the change was made.',
    'A person must look in the chart and say what is there.',
  ),
  'chart-has-two': failure(
    'duplicate',
    'operations-lead',
    'look',
    'The chart holds this write more than once.',
    'A person must look in the chart; one entry has to be corrected there.',
  ),

  // After.
  'chart-differs': failure(
    'partial',
    'clinician',
    'final',
    'The chart entry differs from what was sent.',
    'Compare both and correct the chart if needed.',
  ),
  'chart-misplaced': failure(
    'partial',
    'clinician',
    'final',
    'The chart entry stands under another patient or visit than it was written for.',
    'Look in both charts at once, and have the entry put right there.',
  ),
  'chart-drifted': failure(
    'partial',
    'clinician',
    'final',
    'The chart entry was changed, marked as an error or removed after it was written.',
    'Look in the chart at what was changed and by whom; correct it there if needed.',
  ),
  'follow-up-overdue': failure(
    'partial',
    'clinician',
    'final',
    'What had to become of the chart entry by now, such as its signature, has not.',
    'See to it in the EHR; the entry is looked at again by itself.',
  ),
  'charted-late': failure(
    'partial',
    'clinician',
    'final',
    'It was found in the chart after it had been given up here.',
    'Compare it with what replaced it, if anything; one of two entries may have to be corrected in the chart.',
  ),
  'row-unreadable': failure(
    'internal',
    'operations-lead',
    'final',
    'A stored record could not be read again.',
    'It is kept. Run "audit verify" and call support.',
  ),
  'invariant-broken': failure(
    'internal',
    'operations-lead',
    'final',
    'Countersign found itself in a state that must not occur, and stopped this write.',
    'Call support with the id of the write.',
  ),
} as const satisfies Record<string, Failure>;

export type FailureCode = keyof typeof failures;

/** Everything that is known about a code. */
export function failureOf(code: FailureCode): Failure {
  return failures[code];
}
