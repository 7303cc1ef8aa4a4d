// The real visits, their two halves, and when a finding is about a seeded defect.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { DefectKind, Seeded } from './defects.ts';
import { businessEvent, checkEvent, type CheckRules, type Finding } from '../../src-shared/domain/index.ts';

export interface Visit {
  readonly encounterId: string;
  /** How the visit was recorded: `virtassist` (with an assistant), `virtscribe` (with a scribe), `aci` (talk alone). */
  readonly dataset: string;
  readonly transcript: string;
  readonly clinicianNote: string;
  readonly modelDrafts?: Readonly<Record<string, string>>;
}

const data = path.resolve(import.meta.dirname, '../../..', 'shared/data/aci-bench');
const FILES = ['train.ndjson', 'valid.ndjson', 'test1-with-model-drafts.ndjson'];

/** Rules that are about a kind of defect; what other rules say about the place is not counted for it. */
export const RULES: Readonly<Record<DefectKind, readonly string[]>> = {
  'drug changed': ['note-drug-not-heard', 'note-dose-not-heard'],
  'dose changed': ['note-dose-not-heard', 'note-contradiction'],
  'negation dropped': ['note-negation-differs', 'note-contradiction', 'note-finding-not-heard', 'note-diagnosis-not-heard'],
  'negation added': ['note-negation-differs', 'note-contradiction'],
  'laterality flipped': ['note-laterality-differs', 'note-contradiction'],
  'finding invented': [
    'note-finding-not-heard',
    'note-diagnosis-not-heard',
    'note-procedure-not-heard',
    'note-negation-differs',
    'note-contradiction',
  ],
  'section dropped': ['note-section-missing'],
  'unsafe abbreviation': ['note-unsafe-abbreviation'],
  'text of another patient': [
    'note-foreign-text',
    'note-other-patient',
    'note-drug-not-heard',
    'note-dose-not-heard',
    'note-finding-not-heard',
    'note-diagnosis-not-heard',
    'note-procedure-not-heard',
    'note-laterality-differs',
    'note-negation-differs',
    'note-contradiction',
    'note-number-differs',
    'note-date-not-heard',
  ],
};
/** All visits of the data; none where it is not present. */
export function readVisits(): readonly Visit[] {
  if (!existsSync(data)) return [];
  return FILES.flatMap((file) =>
    readFileSync(path.join(data, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Visit),
  );
}

/** By a hash of the visit's id: the rules were written while looking at the first half only. */
export function halfOf(visit: Visit, salt = 0): 'tuning' | 'held out' {
  return (createHash('sha256')
    .update(salt === 0 ? visit.encounterId : `${salt} ${visit.encounterId}`)
    .digest()[0] ?? 0) %
    2 ===
    0
    ? 'tuning'
    : 'held out';
}

const CHECKED_AT = Date.parse('2026-03-02T10:00:00Z');

/** The findings of a visit with this note, as `countersign check` gives them. */
export function findingsOf(
  visit: Pick<Visit, 'encounterId' | 'transcript'>,
  note: string,
  rules: CheckRules,
): readonly Finding[] {
  const event = businessEvent.parse({
    specVersion: '1.0',
    id: `visit:${visit.encounterId}`,
    type: 'note.approved',
    tenant: 'bench',
    source: 'bench',
    occurredAt: '2026-03-02T09:14:00Z',
    subject: { patient: { reference: `Patient/${visit.encounterId}` } },
    content: { note: { text: note } },
    ...(visit.transcript === '' ? {} : { provenance: { transcript: { text: visit.transcript } } }),
  });
  return checkEvent(event, rules, { now: CHECKED_AT });
}

const SPOKEN_CHARS = 40;

/** Whether any longer word right after the defect was said in the visit: without one there is little to hold it against. */
export function isSpokenOf(defect: Seeded, visit: Visit): boolean {
  const after = defect.note.slice(defect.start, defect.end + SPOKEN_CHARS).toLowerCase();
  const words = (after.match(/[a-z]{5,}/g) ?? [])
    .filter((word) => !/^(?:report|denie|negat|posit|there|patie)/.test(word))
    .slice(0, 3);
  return words.some((word) => visit.transcript.toLowerCase().includes(word.slice(0, 6)));
}

/** Characters around a defect within which a finding is about it: its sentence and the next. */
const NEAR_CHARS = 250;

export function isFound(defect: Seeded, visit: Visit, clean: readonly Finding[], rules: CheckRules): boolean {
  const shift = defect.note.length - visit.clinicianNote.length;
  const known = new Set(
    clean.flatMap(({ rule, span }) => (span === undefined ? [] : [`${rule} ${span.start}`, `${rule} ${span.start + shift}`])),
  );
  const own = findingsOf(visit, defect.note, rules).filter(({ rule }) => RULES[defect.kind].includes(rule));
  return own.some(({ rule, span }) => {
    if (span === undefined) return false;
    if (span.start < defect.end && span.end > defect.start) return true;
    if (defect.kind === 'section dropped') return own.length > clean.filter((one) => one.rule === rule).length;
    return !known.has(`${rule} ${span.start}`) && span.end >= defect.start - NEAR_CHARS && span.start <= defect.end + NEAR_CHARS;
  });
}
