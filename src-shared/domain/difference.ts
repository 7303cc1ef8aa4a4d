/** What a difference between the chart and what was sent is about, by the path of the element (R4). */

export type Aspect = 'patient' | 'encounter' | 'place' | 'author' | 'status' | 'content';

const PATIENT = ['subject', 'patient', 'for'];
const ENCOUNTER = ['encounter', 'context.encounter'];
const PLACE = ['location', 'facility', 'context.facilityType', 'context.practiceSetting', 'custodian', 'managingOrganization'];
const AUTHOR = ['author', 'performer', 'recorder', 'asserter', 'requester', 'authenticator', 'sender'];
const STATUS = ['status', 'docStatus', 'clinicalStatus', 'verificationStatus', 'intent'];

/** The path of a difference below the resource, without places in lists: `context.encounter.reference`. */
export function below(path: string): string {
  const plain = path.replaceAll(/\[\d+\]/g, '');
  return /^[A-Z]/.test(plain) ? plain.slice(plain.indexOf('.') + 1) : plain;
}

/** What a difference is about: whose chart, which visit, where, by whom, in which state, or the content itself. */
export function aspectOf(path: string): Aspect {
  const own = below(path);
  const at = (elements: readonly string[]): boolean => elements.some((one) => own === one || own.startsWith(`${one}.`));
  if (at(PATIENT)) return 'patient';
  if (at(ENCOUNTER)) return 'encounter';
  if (at(PLACE)) return 'place';
  if (at(AUTHOR)) return 'author';
  return at(STATUS) ? 'status' : 'content';
}

/** True when an entry stands under another patient or visit than it was written for; under none is another matter. */
export function misplaced(differences: readonly { readonly path: string; readonly kind: string }[]): boolean {
  return differences.some(({ path, kind }) => kind === 'changed' && ['patient', 'encounter'].includes(aspectOf(path)));
}
