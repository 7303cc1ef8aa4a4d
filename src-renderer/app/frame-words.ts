import type { Frame } from '../../src-shared/contract/index.ts';
import { limits } from '../../src-shared/limits/index.ts';
import { lengthWords, type Tone } from '../components/index.ts';

/** What the top bar says, in words. */

export interface Said {
  readonly tone: Tone;
  readonly words: string;
  /** The same, for little room. */
  readonly short: string;
}

const engineSaid: Readonly<Record<Frame['engine']['state'], Said>> = {
  running: { tone: 'ok', words: 'Engine running', short: 'Running' },
  paused: { tone: 'warn', words: 'Engine paused', short: 'Paused' },
  starting: { tone: 'info', words: 'Engine starting', short: 'Starting' },
  stopped: { tone: 'warn', words: 'Engine stopped', short: 'Stopped' },
  elsewhere: { tone: 'info', words: 'Engine runs elsewhere', short: 'Elsewhere' },
  failed: { tone: 'bad', words: 'Engine failed', short: 'Failed' },
};

export function engineWords(engine: Frame['engine']): Said {
  return engineSaid[engine.state];
}

/** The age of the newest signed checkpoint. Old matters only when entries came after it. */
export function anchorWords(anchor: Frame['anchor'], now: number): Said {
  if (anchor.at === null) return { tone: 'warn', words: 'Log not anchored yet', short: 'Not anchored' };
  const ms = now - Date.parse(anchor.at);
  const late =
    anchor.entriesSince > 0 && (ms > 2 * limits.checkpointAgeMaxMs || anchor.entriesSince > 2 * limits.checkpointEntriesMax);
  return { tone: late ? 'warn' : 'plain', words: `Log anchored ${lengthWords(ms)} ago`, short: `Log ${lengthWords(ms)}` };
}

/** The wall clock: "14:32 UTC-5". */
export function wallClockWords(now: Date): string {
  const time = now.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  const minutes = -now.getTimezoneOffset();
  const hours = Math.floor(Math.abs(minutes) / 60);
  const rest = Math.abs(minutes) % 60;
  const zone = minutes === 0 ? 'UTC' : `UTC${minutes < 0 ? '-' : '+'}${String(hours)}${rest === 0 ? '' : `:${String(rest)}`}`;
  return `${time} ${zone}`;
}

const environmentSaid = {
  practice: { word: 'Practice', title: 'Practice: made-up people and a made-up EHR. Nothing here is real.' },
  sandbox: { word: 'Sandbox', title: "Sandbox: an EHR's test system. No real patients." },
  production: { word: 'Production', title: 'Production: real charts of real people.' },
} as const;

export function environmentWords(environment: Frame['environment']): { readonly word: string; readonly title: string } {
  return environment === null
    ? { word: 'No EHR', title: 'No connection to any EHR has been set up.' }
    : environmentSaid[environment];
}

/** Two letters for a person, for little room. */
export function initials(name: string): string {
  const words = name
    .replaceAll(/[^\p{L}\p{N} ]/gu, '')
    .split(' ')
    .filter((word) => word !== '' && word !== 'Dr');
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => (word === undefined ? '' : [...word][0]));
  return letters.join('').toUpperCase() || '?';
}
