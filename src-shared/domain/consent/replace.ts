import type { RecordedConsent } from './model.ts';

/**
 * Whether a consent takes the place of an earlier one of the same name in what is recorded of a patient. What nobody has
 * approved, and what is not in force yet, stands beside it instead: it may not end what the patient has said.
 */
export function replacesConsent(incoming: RecordedConsent, before: RecordedConsent): boolean {
  return incoming.id === before.id && (!counts(incoming) ? !counts(before) : !incoming.restrictsOnly);
}

/**
 * Whether a document is an older copy of one on record. Copies travel, and the order in which they arrive means nothing:
 * when its server changed it decides (R4 `Consent.meta.lastUpdated`), else when it was given (`Consent.dateTime`). Of
 * documents that do not say, the one recorded later counts.
 */
export function olderCopy(incoming: RecordedConsent, before: RecordedConsent): boolean {
  if (incoming.id !== before.id) return false;
  if (incoming.lastUpdated !== undefined && before.lastUpdated !== undefined) return incoming.lastUpdated < before.lastUpdated;
  return incoming.undated !== true && before.undated !== true && incoming.at < before.at;
}

/** Of consents that a patient is known by under several names, those that no newer copy has replaced. */
export function newestCopies(consents: readonly RecordedConsent[]): readonly RecordedConsent[] {
  return consents.filter((one) => !consents.some((other) => replacesConsent(other, one) && olderCopy(one, other)));
}

/** False where it is not in force yet, and where nobody has approved a permission: such a consent changes nothing. */
export function counts(one: RecordedConsent): boolean {
  return one.status !== 'draft' && one.status !== 'proposed' && (!one.restrictsOnly || denies(one));
}

function denies(one: RecordedConsent): boolean {
  return one.status !== 'active' || (one.provision?.type ?? one.base) === 'deny';
}
