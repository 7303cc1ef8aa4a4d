import type { EntryType } from '../../src-shared/domain/index.ts';
import type { TimelineEntryView } from '../../src-shared/contract/index.ts';
import { stateWords, type Tone } from './state-words.ts';

const words: Readonly<Partial<Record<EntryType, string>>> = {
  'event.received': 'Taken in',
  'event.approved': 'Approval came from the source',
  'write.checked': 'Checked and prepared',
  'write.approved': 'Approved for the chart',
  'write.rejected': 'Rejected',
  'write.selected': 'Selected though blocked',
  'write.held': 'Held',
  'write.released': 'Hold lifted',
  'write.attempted': 'Sent to the EHR',
  'write.settled': 'Answer of the EHR',
  'write.looked-up': 'Looked in the chart',
  'write.verified': 'Read back from the chart',
  'write.followed': 'Read again in the chart',
  'write.retried': 'To be sent again',
  'write.withdrawn': 'Withdrawn',
  'write.resolved': 'Settled by a person',
  'write.finding-signed': 'Finding signed',
  'write.reviewed': 'Reviewed afterwards',
  'write.superseded': 'Replaced by a newer version',
  'write.recovered': 'Taken over after a stop',
  'write.answered-late': 'Answer that came after it was taken over',
  'write.faulted': 'Set aside after a fault',
  'record.viewed': 'Looked at',
  'policy.decided': 'Policy decided',
};

/** What an entry of the log says, in words, with where the write stood afterwards. */
export function entryWords(entry: TimelineEntryView): {
  readonly title: string;
  readonly after: string | null;
  readonly tone: Tone;
} {
  const title = (words as Readonly<Record<string, string | undefined>>)[entry.type] ?? entry.type;
  const last = entry.states.at(-1);
  // That it is being sent is what the words of the attempt say already.
  if (last === undefined || last === 'in-flight') return { title, after: null, tone: 'plain' };
  const { word, tone } = stateWords(last);
  return { title, after: last === 'committed' ? 'charted' : word, tone: last === 'committed' ? 'ok' : tone };
}
