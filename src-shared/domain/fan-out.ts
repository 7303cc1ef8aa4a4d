import type { BusinessEvent } from './business-event.ts';
import type { ClinicalItem, Content, ContentClass } from './content.ts';
import { contractRow, type ContractMatrix } from './contract-matrix.ts';
import type { PlannedWrite } from './entries.ts';
import type { Sha256 } from './hash.ts';
import { groupId, writeId } from './keys.ts';
import { limits } from '../limits/index.ts';

/** From an event to the writes it asks for (A3): one per clinical item and connection, each in its own slot. */

export interface SlottedItem {
  readonly slot: string;
  readonly clinical: ClinicalItem;
}

export interface KeptItem {
  readonly slot: string;
  readonly reason: string;
}

/** Why an item of the class `ambiguity` is kept; a remark beside the event's first entry says so (A2). */
export const unclearToSource = 'unclear to its source: a person has to decide what is meant';

interface Classed {
  readonly key?: string | undefined;
  readonly class?: ContentClass | undefined;
}

/**
 * All clinical items of an event in a fixed order, with their slots: the item's own `key`, or its place. Ambiguities,
 * suggestions and coding cues never become writes (A2); they come back as kept.
 */
export function itemsOf(content: Content): { readonly items: readonly SlottedItem[]; readonly kept: readonly KeptItem[] } {
  const items: SlottedItem[] = [];
  const kept: KeptItem[] = [];
  const place = (member: string, index: number | null, item: Classed, clinical: ClinicalItem): void => {
    const slot = `${member}/${item.key ?? String(index ?? 0)}`;
    if (item.class === 'ambiguity') kept.push({ slot, reason: unclearToSource });
    else if (item.class === 'suggestion') kept.push({ slot, reason: 'a suggestion: shown, not charted' });
    else items.push({ slot, clinical });
  };
  const each = <T extends Classed>(member: string, list: readonly T[] | undefined, make: (item: T) => ClinicalItem): void => {
    for (const [index, item] of (list ?? []).entries()) place(member, index, item, make(item));
  };
  const one = <T extends Classed>(member: string, item: T | undefined, make: (item: T) => ClinicalItem): void => {
    if (item !== undefined) place(member, null, item, make(item));
  };

  one('note', content.note, (item) => ({ kind: 'note', item }));
  one('addendum', content.addendum, (item) => ({ kind: 'addendum', item }));
  each('observations', content.observations, (item) => ({ kind: 'observation', item }));
  each('problems', content.problems, (item) => ({ kind: 'problem', item }));
  each('allergies', content.allergies, (item) => ({ kind: 'allergy', item }));
  each('medications', content.medications, (item) => {
    const record = item.record ?? (item.class === 'intention' ? 'request' : 'statement');
    return record === 'request' ? { kind: 'medication-request', item } : { kind: 'medication-statement', item };
  });
  each('orders', content.orders, (item) => ({ kind: 'order', item }));
  each('procedures', content.procedures, (item) => ({ kind: 'procedure', item }));
  each('carePlans', content.carePlans, (item) => ({ kind: 'care-plan', item }));
  each('tasks', content.tasks, (item) => ({ kind: 'task', item }));
  each('messages', content.messages, (item) => ({ kind: 'message', item }));
  one('patientInstructions', content.patientInstructions, (item) => ({ kind: 'patient-instructions', item }));
  each('questionnaireResponses', content.questionnaireResponses, (item) => ({ kind: 'questionnaire-response', item }));
  each('consents', content.consents, (item) => ({ kind: 'consent', item }));
  one('demographics', content.demographics, (item) => ({ kind: 'demographics', item }));
  one('encounterStatus', content.encounterStatus, (item) => ({ kind: 'encounter-status', item }));
  each('documents', content.documents, (item) => ({ kind: 'document', item }));
  one('intakeSummary', content.intakeSummary, (item) => ({ kind: 'intake-summary', item }));
  for (const [index, item] of (content.codingCues ?? []).entries()) {
    kept.push({ slot: `codingCues/${item.key ?? String(index)}`, reason: 'a coding cue: never charted' });
  }
  return { items, kept };
}

/** Stable words for a subject of an event: its address in the EHR, or its first identifier. */
export function subjectKey(subject: {
  reference?: string | undefined;
  identifiers?: readonly { system: string; value: string }[] | undefined;
}): string {
  const first = subject.identifiers?.[0];
  return first === undefined ? `reference ${subject.reference ?? ''}` : `identifier ${first.system}|${first.value}`;
}

export interface FanOutInput {
  readonly event: BusinessEvent;
  readonly connections: readonly string[];
  readonly matrix: ContractMatrix;
  /** The contracts of connections that have one of their own. */
  readonly contracts?: ReadonlyMap<string, ContractMatrix>;
  readonly contentSha256: string;
  /** Keyed pseudonym of a text, the same for the same tenant and text, not reversible without the workspace's key. */
  readonly pseudonym: (tenant: string, text: string) => string;
  readonly sha256: Sha256;
  /** Ids of the writes of the event's version before this one, by connection and slot. */
  readonly earlier: ReadonlyMap<string, string>;
}

export type FanOut =
  | { readonly ok: true; readonly writes: readonly PlannedWrite[]; readonly kept: readonly KeptItem[] }
  | { readonly ok: false; readonly code: 'event-duplicate-slot' | 'event-too-many-writes'; readonly message: string };

/** The place of a write inside its event, for matching the versions of an event with each other. */
export function slotKey(connection: string, slot: string): string {
  return `${connection} ${slot}`;
}

/** Plans the writes of an event for each of its connections. */
export function fanOut(input: FanOutInput): FanOut {
  const { event, matrix, sha256 } = input;
  if (event.content === undefined) return { ok: true, writes: [], kept: [] };
  const { items, kept: neverCharted } = itemsOf(event.content);
  const kept = [...neverCharted];
  const slots = new Set<string>();
  for (const { slot } of items) {
    if (slots.has(slot)) return { ok: false, code: 'event-duplicate-slot', message: `two items stand in the slot "${slot}"` };
    slots.add(slot);
  }
  if (items.length * input.connections.length > limits.writesPerEventMax) {
    return {
      ok: false,
      code: 'event-too-many-writes',
      message: `more than ${limits.writesPerEventMax} chart entries in one event`,
    };
  }
  const { tenant } = event;
  const eventVersion = event.version ?? 1;
  const patient = subjectKey(event.subject.patient);
  const encounter = event.subject.encounter === undefined ? '' : subjectKey(event.subject.encounter);
  const group = groupId(tenant, event.id, eventVersion, sha256);
  const patientKey = input.pseudonym(tenant, `patient ${patient}`);
  const encounterKey = encounter === '' ? null : input.pseudonym(tenant, `encounter ${encounter}`);
  const writes = input.connections.flatMap((connection) =>
    items.flatMap(({ slot, clinical }): readonly PlannedWrite[] => {
      const row = contractRow(input.contracts?.get(connection) ?? matrix, clinical.kind);
      const itemClass = clinical.item.class ?? 'fact';
      if (!row.classes.some((one) => one === itemClass)) {
        kept.push({ slot, reason: `the contract of ${connection} does not chart this as ${itemClass}` });
        return [];
      }
      const planned: PlannedWrite = {
        id: writeId(
          { tenant, connection, patient, encounter, resourceType: row.resource, eventId: event.id, eventVersion, slot },
          sha256,
        ),
        tenant,
        connection,
        source: event.source,
        eventId: event.id,
        eventVersion,
        slot,
        kind: clinical.kind,
        resourceType: row.resource,
        operation: row.operation,
        tier: row.tier,
        group,
        lane: input.pseudonym(tenant, `lane ${JSON.stringify([connection, patient, encounter])}`),
        patientKey,
        encounterKey,
        supersedes: input.earlier.get(slotKey(connection, slot)) ?? null,
        contentSha256: input.contentSha256,
      };
      return [planned];
    }),
  );
  return { ok: true, writes, kept };
}
