import type { QueueRow, WriteSummary } from '../../src-shared/contract/index.ts';

/** How a state is told everywhere: a word, a sign and a colour, so that none of the three is needed to know it. */

export type Tone = 'ok' | 'info' | 'warn' | 'bad' | 'unk' | 'plain';
export type StateName = QueueRow['state'];
type Verification = WriteSummary['verification'];
type Code = QueueRow['code'];

export interface StateWords {
  readonly word: string;
  readonly sign: string;
  readonly tone: Tone;
  /** One sentence for those who meet the word for the first time. */
  readonly meaning: string;
}

const words = (sign: string, word: string, tone: Tone, meaning: string): StateWords => ({ sign, word, tone, meaning });

const NEEDS_A_PERSON: ReadonlySet<string> = new Set([
  'look-ups-used-up',
  'search-not-trusted',
  'chart-has-two',
] satisfies NonNullable<Code>[]);

function committedWords(verification: Verification): StateWords {
  switch (verification) {
    case 'verified':
      return words('✓', 'charted, verified', 'ok', 'It is in the chart and was read back as it was sent.');
    case 'partial':
      return words('!', 'chart differs', 'bad', 'It is in the chart, but not as it was sent.');
    case 'not-verifiable':
      return words('~', 'charted, not verified', 'warn', 'The EHR took it, but it could not be read back.');
    case 'due':
      return words('…', 'charted, check due', 'info', 'The EHR took it; it has not been read back yet.');
    // Of many writes together nothing is said about how each was read back.
    case null:
      return words('✓', 'charted', 'ok', 'It is in the chart.');
  }
}

/** The words for a state, with what is known about verification and the failure code. */
export function stateWords(state: StateName, verification: Verification = null, code: Code = null): StateWords {
  switch (state) {
    case 'draft':
      return words('·', 'draft', 'plain', 'Taken in, not checked yet.');
    case 'validated':
      return words('·', 'checked', 'info', 'Checked; nothing has been sent.');
    case 'awaiting-approval':
      return words('◔', 'waits for approval', 'info', 'A person has to approve it. Nothing has been sent.');
    case 'held':
      return words('II', 'held', 'warn', 'Held back. Nothing has been sent.');
    case 'pending':
      return words('›', 'to be sent', 'info', 'Approved; it goes out by itself.');
    case 'in-flight':
      return words('»', 'being sent', 'info', 'It is on its way to the EHR.');
    case 'unknown':
      return code !== null && NEEDS_A_PERSON.has(code)
        ? words('?', 'unknown, needs a person', 'unk', 'It may be in the chart. A person has to look.')
        : words('?', 'outcome unknown', 'unk', 'It may be in the chart. Countersign is looking and does not send it again.');
    case 'conflict':
      return words('⇄', 'conflict', 'warn', 'The chart changed since the draft. Nothing has been changed.');
    case 'failed-retryable':
      return words('↻', 'will be tried again', 'warn', 'It did not get into the chart; it is tried again by itself.');
    case 'failed-terminal':
      return words('×', 'refused', 'bad', 'It is not in the chart and is not tried again by itself.');
    case 'resolved-by-hand':
      return words('•', 'resolved by hand', 'plain', 'A person has settled it outside Countersign.');
    case 'committed':
      return committedWords(verification);
    case 'superseded':
      return words('–', 'replaced', 'plain', 'A newer version took its place.');
    case 'withdrawn':
      return words('–', 'withdrawn', 'plain', 'Taken back before it was sent.');
    case 'compensated':
      return words('↩', 'undone', 'plain', 'It was in the chart and has been taken out.');
    case 'corrected':
      return words('↩', 'corrected', 'plain', 'It was in the chart and has been corrected there.');
    case 'quarantined':
      return words('II', 'set aside', 'warn', 'It broke a rule of the record itself. Nothing has been sent.');
  }
}
