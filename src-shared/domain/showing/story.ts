import { failureOf } from '../failures.ts';
import { codeOf, type WriteRow } from '../write.ts';
import { roleWords } from './role-words.ts';

/** What a person is told about a write first: three short sentences that never claim more than the ledger holds. */
export interface Story {
  /** What happened. */
  readonly happened: string;
  /** Whether the chart was changed. */
  readonly chart: string;
  /** What can be done, and by whom. */
  readonly next: string;
}

const UNTOUCHED = 'The chart was not changed.';
const NOTHING = 'Nothing to do.';

export function storyOf(row: Pick<WriteRow, 'state' | 'attempts'>): Story {
  const { state } = row;
  const code = codeOf(state);
  const failure = code === null ? null : failureOf(code);
  const because = failure?.words ?? '';
  const next = failure?.next ?? NOTHING;
  switch (state.name) {
    case 'draft':
      return {
        happened: because === '' ? 'It was taken in and waits to be checked.' : because,
        chart: UNTOUCHED,
        next: because === '' ? 'Nothing to do: the engine takes it up by itself.' : next,
      };
    case 'validated':
      return { happened: 'It passed its checks.', chart: UNTOUCHED, next: 'Nothing to do: policy decides next.' };
    case 'awaiting-approval':
      return {
        happened: `It waits for a decision: ${state.reason}.`,
        chart: UNTOUCHED,
        next: `One of these must decide: ${roleWords(state.roles)}.`,
      };
    case 'held':
      return { happened: because, chart: UNTOUCHED, next: `${next} It can be lifted by: ${roleWords([state.hold.liftedBy])}.` };
    case 'pending':
      return {
        happened: 'It is approved and stands in line to be sent.',
        chart: row.attempts === 0 ? UNTOUCHED : 'Earlier attempts were proved not to have changed the chart.',
        next: 'Nothing to do: it is sent when its turn comes.',
      };
    case 'in-flight':
      return {
        happened: `Attempt ${state.attempt} is under way.`,
        chart: 'The chart may be changing right now.',
        next: 'Wait for the outcome.',
      };
    case 'unknown':
      return {
        happened: because,
        chart: 'It may already be in the chart.',
        next:
          state.personSince === null
            ? 'Countersign is looking for it and will not send it again before that is settled.'
            : 'The look-ups are used up. Look in the chart and say what it holds.',
      };
    case 'conflict':
      return { happened: because, chart: 'The chart holds what somebody else wrote. Ours was not applied.', next };
    case 'failed-retryable':
      return {
        happened: because,
        chart: 'It is proved that the chart was not changed.',
        next,
      };
    case 'failed-terminal':
      return {
        happened: because,
        chart:
          row.attempts === 0 ? 'Nothing was sent. The chart was not changed.' : 'It is proved that the chart was not changed.',
        next,
      };
    case 'resolved-by-hand':
      return {
        happened: `A person settled it by hand: ${state.note}`,
        chart: 'Countersign did not change the chart. What the person did there is in the note.',
        next: NOTHING,
      };
    case 'committed':
      return committedStory(state, next);
    case 'superseded':
      return { happened: 'A newer version replaced it.', chart: chartAfter(row.attempts), next: 'Open the newer version.' };
    case 'withdrawn':
      return { happened: `It was withdrawn: ${state.reason}`, chart: chartAfter(row.attempts), next: NOTHING };
    case 'compensated':
      return { happened: 'It was charted and then rolled back.', chart: 'The chart holds the rollback.', next: NOTHING };
    case 'corrected':
      return { happened: 'It was charted and then corrected.', chart: 'The chart holds the correction.', next: NOTHING };
    case 'quarantined':
      return {
        happened: `Its stored row cannot be read: ${state.reason}`,
        chart: 'Whether the chart was changed cannot be said from this row. The log still can.',
        next: 'Verify the log, and have the workspace looked at. Nothing of it was deleted.',
      };
  }
}

function chartAfter(attempts: number): string {
  return attempts === 0 ? UNTOUCHED : 'An earlier attempt left; if it is found in the chart, this write says so.';
}

const driftStory = {
  changed: 'somebody changed it in the chart',
  'entered-in-error': 'it was marked as entered in error in the chart',
  deleted: 'it was no longer in the chart',
} as const;

function chartAfterDrift(place: string, kind: keyof typeof driftStory): string {
  if (kind === 'deleted') return 'The entry that was written can no longer be read.';
  return kind === 'changed' ? 'The chart holds what somebody else made of it.' : `${place} It no longer counts there.`;
}

function committedStory(state: Extract<WriteRow['state'], { name: 'committed' }>, next: string): Story {
  const where = `${state.evidence.reference}${state.evidence.versionId === null ? '' : `, version ${state.evidence.versionId}`}`;
  const place = {
    charted: `It is in the chart as ${where}.`,
    draft: `The EHR filed it as a draft, ${where}. It is not part of the chart until somebody there accepts it.`,
    'held-for-reconciliation': `The EHR holds it for somebody there to reconcile, ${where}.`,
  }[state.landing];
  const late = state.late ? ' It was found after the write had been given up.' : '';
  const drift = state.follow?.drift ?? null;
  if (!state.late && drift !== null && drift.kind !== 'touched') {
    return { happened: `It was written. Later ${driftStory[drift.kind]}.`, chart: chartAfterDrift(place, drift.kind), next };
  }
  if (state.follow?.awaited?.result === 'overdue') {
    const { element, value } = state.follow.awaited;
    const now = value === null ? 'is not set' : `is ${value}`;
    return { happened: `It was written. What had to follow in the EHR has not: ${element} ${now}.${late}`, chart: place, next };
  }
  const { verification } = state;
  switch (verification.result) {
    case 'verified':
      return {
        happened: `It was written, read back and compared: everything came back as sent.${late}`,
        chart: place,
        next: NOTHING,
      };
    case 'partial':
      return {
        happened: `It was written, but ${verification.differences.length} ${verification.differences.length === 1 ? 'field' : 'fields'} came back other than sent.${late}`,
        chart: place,
        next,
      };
    case 'not-verifiable':
      return {
        happened: `The EHR took it, but it could not be read back: ${verification.reason}.${late}`,
        chart: `${place} Nobody has compared it.`,
        next: 'Open the chart and compare it by eye.',
      };
    case 'due':
      return {
        happened: `The EHR took it. Reading it back is still to be done.${late}`,
        chart: place,
        next: 'Wait: it is read back and compared by itself.',
      };
  }
}
