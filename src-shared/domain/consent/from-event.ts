import type { BusinessEvent, Origin } from '../business-event.ts';
import type { ClinicalItem, ConsentContent } from '../content.ts';
import { itemsOf, subjectKey } from '../fan-out.ts';
import type { Source } from '../people.ts';
import { epochMs } from '../time.ts';
import type { ConsentCoding, RecordedConsent } from './model.ts';

/** What an event says about consent besides its own `consent` member, and what of an event consent is asked about. */

/** The consents among an event's content, as they are recorded for its patient. */
export function consentsOf(event: BusinessEvent): readonly RecordedConsent[] {
  if (event.content?.consents === undefined) return [];
  const approved = event.approval?.status === 'approved';
  return itemsOf(event.content).items.flatMap(({ slot, clinical }) =>
    clinical.kind === 'consent' ? [recorded(event, slot, clinical.item, approved)] : [],
  );
}

function recorded(event: BusinessEvent, slot: string, item: ConsentContent, approved: boolean): RecordedConsent {
  const given = item.givenAt ?? event.occurredAt;
  return {
    id: `event ${event.id}, ${slot}`,
    status: item.status ?? 'active',
    scope: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: item.scope }],
    category: codesIn(item.category),
    at: epochMs(given),
    base: item.decision,
    provision: {
      type: item.decision,
      period: item.period === undefined ? null : { start: item.period.start ?? null, end: item.period.end ?? null },
      actor: [],
      action: [],
      securityLabel: [],
      purpose: (item.purposes ?? []).flatMap(codesIn),
      class: [],
      code: [],
      dataPeriod: null,
      data: [],
      provision: [],
    },
    // A purpose in words only cannot be compared; leaving it out would let the rule reach further than was said.
    unreadable: (item.purposes ?? []).some((one) => codesIn(one).length === 0) ? 'a purpose of it is stated in words only' : null,
    restrictsOnly: !approved,
  };
}

/** Every name under which an event or a document knows its patient, in the words that pseudonyms are made from. */
export function patientNames(patient: {
  readonly reference?: string | undefined;
  readonly identifiers?: readonly { readonly system: string; readonly value: string }[] | undefined;
}): readonly string[] {
  const identifiers = (patient.identifiers ?? []).map((one) => ({ identifiers: [one] }));
  const references = patient.reference === undefined ? [] : [{ reference: patient.reference }];
  return [...identifiers, ...references].map((one) => `patient ${subjectKey(one)}`);
}

/** All codes that stand anywhere in an item, in the order in which they stand. */
export function codesOfItem(clinical: ClinicalItem): readonly ConsentCoding[] {
  return codesIn(clinical.item);
}

function codesIn(value: unknown): readonly ConsentCoding[] {
  if (Array.isArray(value)) return value.flatMap(codesIn);
  if (value === null || typeof value !== 'object') return [];
  const { system, code } = value as { system?: unknown; code?: unknown };
  const own = typeof code === 'string' ? [{ system: typeof system === 'string' ? system : null, code }] : [];
  return [...own, ...Object.values(value).flatMap(codesIn)];
}

/** Who made the content. Where neither event nor source says so, it counts as made by a model: the strictest reading. */
export function originOf(
  event: Pick<BusinessEvent, 'origin' | 'provenance'>,
  source: Pick<Source, 'origin'> | undefined,
): Origin {
  if (event.provenance?.model !== undefined) return 'ai';
  return event.origin ?? source?.origin ?? 'ai';
}
