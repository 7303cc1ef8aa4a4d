/** Why an engine stopped by itself, by the code under which the ledger, or the engine, reports it (C5). */

interface StopWords {
  readonly what: string;
  /** What to do before it is started again. */
  readonly next: string;
}

const words = {
  'ledger-disk-full': { what: 'The disk is full, and the ledger could not be written', next: 'Make room on the disk' },
  'ledger-io-failed': {
    what: 'The disk failed while the ledger was being read or written',
    next: 'Check the disk, or move the workspace to another',
  },
  'ledger-read-only': {
    what: 'The ledger may not be written',
    next: 'Give this account the right to write the workspace, or mount its disk for writing',
  },
  'ledger-unreadable': {
    what: 'The ledger file cannot be reached',
    next: 'Check that its disk is there and that the workspace was not moved',
  },
  'ledger-damaged': {
    what: 'The ledger file is damaged',
    next: 'Keep the file as it is, and put back a backup in another folder',
  },
  'ledger-altered': { what: 'The log read back from the disk is not what was written', next: 'Run "countersign audit verify"' },
  'ledger-busy': { what: 'Another process kept the ledger locked', next: 'End the other process' },
  'ledger-failed': { what: 'The ledger could not be written', next: 'Check the disk and run "countersign audit verify"' },
  'engine-fault': { what: 'Something inside the engine went wrong', next: 'If it comes again, call support' },
  'alarm-unreadable': {
    what: 'The engine stopped, and the note of why cannot be read',
    next: 'Check the disk and run "countersign audit verify"',
  },
} as const satisfies Readonly<Record<string, StopWords>>;

export type StopCode = keyof typeof words;
export const stopCodes = Object.keys(words) as readonly StopCode[];

/** The code itself when it is one of these; of an engine that stopped for anything else, `engine-fault`. */
export function stopCode(code: unknown): StopCode {
  return stopCodes.find((one) => one === code) ?? 'engine-fault';
}

/** What happened, what it means for the chart, and what to do. `detail`: what the system or SQLite called it. */
export function stopWords(code: StopCode, detail = ''): string {
  const { what, next } = words[code];
  const called = detail === '' ? '' : ` (${detail})`;
  return `${what}${called}. Nothing more is sent to any EHR. What was acknowledged is recorded; a change that was under way may be in the chart, and is looked for, not sent again blindly, at the next start. ${next}, then start Countersign again.`;
}
