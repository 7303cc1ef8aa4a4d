import type { BusinessEvent } from '../business-event.ts';
import { latestClinicalTime } from '../approval.ts';
import type { ClinicalItem } from '../content.ts';
import type { Finding } from '../entries.ts';
import type { HouseRules } from '../governance/house-rules.ts';
import { itemsOf, unclearToSource, type KeptItem, type SlottedItem } from '../fan-out.ts';
import { epochMs } from '../time.ts';
import type { CheckRules } from './compiled.ts';
import { finding } from './findings.ts';
import { houseFindings } from './house.ts';
import { deviceFault, identifierFault } from './identifiers.ts';
import { drugsNotHeard, dosesNotHeard } from './note-drugs.ts';
import { contradictions } from './note-contradiction.ts';
import { negationsLost } from './note-lost.ts';
import { focusDiffers } from './note-focus.ts';
import { findingsNotHeard, negationDiffers } from './note-negation.ts';
import { otherPatient, type Person } from './note-identity.ts';
import { lateralityDiffers, sidesRepeated } from './note-laterality.ts';
import { datesNotHeard, numbersDiffer } from './note-numbers.ts';
import { sectionsMissing } from './note-sections.ts';
import { statementsDiffer } from './note-statements.ts';
import { structuredDiffers } from './note-structured.ts';
import { cutSentences, foreignSentences, leftoverText, unsafeAbbreviations } from './note-text.ts';
import { readEvidence, readPart, type NoteContext, type NoteFinding, type NotePart } from './note.ts';
import { ageAt } from './quantity.ts';
import { normalizeItem, type Normalized } from './normalize.ts';
import { checkItem } from './semantic.ts';

/** All checks of an event that need nothing but the event: the same before intake (`check`) and before a write. */

export interface CheckFacts {
  /** Epoch milliseconds. */
  readonly now: number;
  /** The organization's own rules; left out where it has none. */
  readonly house?: HouseRules | null;
}

/** Every finding of an event: of its items, of its subject and of its approval. */
export function checkEvent(event: BusinessEvent, rules: CheckRules, time: CheckFacts): readonly Finding[] {
  if (event.content === undefined) return subjectFindings(event);
  const { items, kept } = itemsOf(event.content);
  return [
    ...subjectFindings(event),
    ...approvalFindings(event),
    ...duplicates(event, items),
    ...notCharted(event, kept),
    ...items.flatMap((item) => checkSlot(event, item, rules, time)),
  ];
}

/** What concerns one chart entry of an event: its own findings and those of the subject it is about. */
export function checkWriteContent(
  event: BusinessEvent,
  item: SlottedItem,
  rules: CheckRules,
  time: CheckFacts,
): readonly Finding[] {
  const { items, kept } = event.content === undefined ? { items: [], kept: [] } : itemsOf(event.content);
  const path = pathOf(event, item);
  return [
    ...subjectFindings(event),
    // Told once, with the first of the event's entries.
    ...(items[0]?.slot === item.slot ? notCharted(event, kept) : []),
    ...duplicates(event, items).filter((one) => one.path === path),
    ...checkSlot(event, item, rules, time),
  ];
}

function checkSlot(event: BusinessEvent, item: SlottedItem, rules: CheckRules, time: CheckFacts): readonly Finding[] {
  const path = pathOf(event, item);
  const facts = {
    birthDate: event.subject.patient.birthDate ?? null,
    occurredAt: epochMs(event.occurredAt),
    now: time.now,
    rules,
  };
  const parts = notePartsOf(item.clinical, path);
  const { house = null } = time;
  const { clinical, findings } = normalizeItem(item.clinical, path, rules, house);
  const ageYears = ageAt(facts.birthDate, facts.occurredAt);
  const ofHouse = house === null ? [] : houseFindings(clinical, path, house, ageYears, rules);
  const own = [...findings, ...checkItem(clinical, path, facts), ...ofHouse];
  if (parts.length === 0) return own;
  return [...own, ...sourceRemarks(event), ...checkNote(event, parts, item.clinical.kind === 'note', rules)];
}

/** What the source says it left out of a text, replaced in it or was not sure of (G2: redaction is visible). */
function sourceRemarks({ provenance }: BusinessEvent): readonly Finding[] {
  const told = (rule: string, member: 'redactions' | 'uncertainties', before: string): readonly Finding[] =>
    (provenance?.[member] ?? []).map((text, at) =>
      finding(rule, 'information', `provenance.${member}[${at}]`, `${before}: ${text}`),
    );
  return [
    ...told('source-redacted', 'redactions', 'The source left out or replaced'),
    ...told('source-uncertain', 'uncertainties', 'The source was not sure'),
  ];
}

/** An item of an event in the form in which it is checked and sent (A2). */
export function normalizeWrite(event: BusinessEvent, item: SlottedItem, rules: CheckRules, house: HouseRules | null): Normalized {
  return normalizeItem(item.clinical, pathOf(event, item), rules, house);
}

/** Where an item stands in its event: `content.observations[2]`. */
export function pathOf(event: BusinessEvent, item: SlottedItem): string {
  const [member = ''] = item.slot.split('/');
  const value: unknown = (event.content as Readonly<Record<string, unknown>> | undefined)?.[member];
  return Array.isArray(value) ? `content.${member}[${value.indexOf(item.clinical.item)}]` : `content.${member}`;
}

function notePartsOf(clinical: ClinicalItem, path: string): readonly NotePart[] {
  switch (clinical.kind) {
    case 'note':
    case 'addendum':
    case 'patient-instructions':
    case 'intake-summary': {
      const { sections, text } = clinical.item;
      const parts = (sections ?? []).map((section, index): NotePart => ({
        path: `${path}.sections[${index}].text`,
        title: section.title,
        text: section.text,
      }));
      return text === undefined ? parts : [...parts, { path: `${path}.text`, title: null, text }];
    }
    case 'message':
      return [{ path: `${path}.text`, title: null, text: clinical.item.text }];
    case 'observation':
    case 'problem':
    case 'allergy':
    case 'medication-statement':
    case 'medication-request':
    case 'order':
    case 'procedure':
    case 'care-plan':
    case 'task':
    case 'questionnaire-response':
    case 'consent':
    case 'demographics':
    case 'encounter-status':
    case 'document':
      return [];
  }
}

function checkNote(event: BusinessEvent, parts: readonly NotePart[], whole: boolean, rules: CheckRules): readonly Finding[] {
  const { provenance } = event;
  const final = parts.map((part) => part.text).join('\n');
  const draft = provenance?.draft?.text ?? provenance?.modelOutput ?? null;
  const evidence = readEvidence(
    {
      transcript: provenance?.transcript?.text ?? segmentsText(event),
      chart: provenance?.contextShown?.join('\n') ?? null,
      draft: draft === null || draft.trim() === final.trim() ? null : draft,
    },
    rules.note.lexicon,
  );
  const context: NoteContext = {
    parts: parts.map((part) => readPart(part, rules.note.lexicon)),
    evidence,
    lexicon: rules.note.lexicon,
  };
  const found: readonly NoteFinding[] = [
    ...unsafeAbbreviations(parts, rules.note.abbreviations),
    ...leftoverText(parts, rules.note.leftovers),
    ...(whole ? noteFindings(context, event, rules) : []),
  ];
  return found.map((one) => finding(one.rule, one.severity, one.path, one.message, one));
}

/** The checks that hold for a visit's note; messages, instructions and addenda say only a part of it. */
function noteFindings(context: NoteContext, event: BusinessEvent, rules: CheckRules): readonly NoteFinding[] {
  return [
    ...drugsNotHeard(context),
    ...dosesNotHeard(context),
    ...lateralityDiffers(context),
    ...sidesRepeated(context),
    ...oncePerPlace([
      ...negationDiffers(context),
      ...negationsLost(context),
      ...statementsDiffer(context),
      ...focusDiffers(context),
      ...contradictions(context),
    ]),
    ...findingsNotHeard(context),
    ...numbersDiffer(context),
    ...datesNotHeard(context),
    ...cutSentences(context),
    ...foreignSentences(context),
    ...sectionsMissing(context, rules.note),
    ...otherPatient(context, personOf(event)),
    ...(event.content === undefined ? [] : structuredDiffers(context, event.content)),
  ];
}

/** Several rules may see the same lost negation; one finding per place says it. */
function oncePerPlace(findings: readonly NoteFinding[]): readonly NoteFinding[] {
  return findings.filter(
    (one, index) =>
      !findings
        .slice(0, index)
        .some(
          (two) =>
            two.path === one.path &&
            ((two.span.start < one.span.end && one.span.start < two.span.end) ||
              (one.transcriptSpan !== undefined && two.transcriptSpan?.start === one.transcriptSpan.start)),
        ),
  );
}

function segmentsText(event: BusinessEvent): string | null {
  const segments = event.provenance?.transcript?.segments ?? [];
  const lines = segments.flatMap(({ speaker, text }) =>
    text === undefined ? [] : [speaker === undefined ? text : `[${speaker}] ${text}`],
  );
  return lines.length === 0 ? null : lines.join('\n');
}

function personOf(event: BusinessEvent): Person {
  const { name, birthDate, gender } = event.subject.patient;
  return {
    family: name?.family ?? null,
    given: name?.given ?? [],
    birthDate: birthDate ?? null,
    gender: gender ?? null,
    at: event.occurredAt,
  };
}

function subjectFindings(event: BusinessEvent): readonly Finding[] {
  const { encounter } = event.subject;
  const findings: Finding[] = [];
  // Who it is, the EHR decides by exact match; a number that cannot be one is shown.
  for (const [who, named] of Object.entries(event.subject))
    for (const [index, { system, value }] of (named?.identifiers ?? []).entries()) {
      const fault = identifierFault(system, value);
      if (fault !== null)
        findings.push(
          finding('identifier-shape', 'review', `subject.${who}.identifiers[${index}].value`, `${system} "${value}" ${fault}.`),
        );
    }
  const device = event.device === undefined ? null : deviceFault(event.device);
  if (device !== null) findings.push(finding('device-shape', 'review', 'device', `"${event.device ?? ''}" ${device}.`));
  if (encounter?.status === 'entered-in-error')
    findings.push(finding('encounter-entered-in-error', 'stop', 'subject.encounter.status', 'The visit was entered in error.'));
  if (encounter?.status === 'cancelled')
    findings.push(finding('encounter-cancelled', 'stop', 'subject.encounter.status', 'The visit was cancelled.'));
  return findings;
}

function approvalFindings(event: BusinessEvent): readonly Finding[] {
  const { approval } = event;
  if (approval === null || approval === undefined) return [];
  const latest = latestClinicalTime(event);
  if (latest === null || epochMs(approval.at) >= latest) return [];
  return [
    finding('approval-before-content', 'review', 'approval.at', `The approval of ${approval.at} is older than what it covers.`),
  ];
}

/** What the source classed as unclear or as a suggestion, and cues for coding: not charted, and said to whoever reads on (A2). */
function notCharted(event: BusinessEvent, kept: readonly KeptItem[]): readonly Finding[] {
  return kept.map(({ slot, reason }) => {
    const [member = '', key = ''] = slot.split('/');
    const list: unknown = (event.content as Readonly<Record<string, unknown>> | undefined)?.[member];
    const index = Array.isArray(list) ? list.findIndex((one: { readonly key?: string }) => one.key === key) : -1;
    const path = !Array.isArray(list) ? `content.${member}` : `content.${member}[${index < 0 ? key : index}]`;
    return reason === unclearToSource
      ? finding('item-unclear', 'review', path, `It is not charted: ${reason}.`)
      : finding('item-not-charted', 'information', path, `It is not charted: ${reason}.`);
  });
}

/** Two items of the same kind that say the same thing. */
function duplicates(event: BusinessEvent, items: readonly SlottedItem[]): readonly Finding[] {
  const seen = new Map<string, string>();
  return items.flatMap((item) => {
    const { key: _key, evidence: _evidence, ...said } = item.clinical.item as Readonly<Record<string, unknown>>;
    const same = JSON.stringify([item.clinical.kind, said]);
    const path = pathOf(event, item);
    const before = seen.get(same);
    seen.set(same, before ?? path);
    return before === undefined ? [] : [finding('duplicate-item', 'review', path, `The same stands at ${before}.`)];
  });
}
