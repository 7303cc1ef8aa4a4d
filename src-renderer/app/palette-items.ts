import { addressIn } from '../components/index.ts';

/** What the palette offers for a text. */
export type PaletteItem =
  | { readonly kind: 'go'; readonly id: string; readonly words: string; readonly to: string }
  | { readonly kind: 'act'; readonly id: string; readonly words: string; readonly act: PaletteAct };

export type PaletteAct = 'lock' | 'light' | 'dark' | 'system' | 'pause' | 'resume' | 'verify' | 'keys';

export interface PaletteFacts {
  readonly places: readonly { readonly path: string; readonly name: string }[];
  readonly engine: string | null;
  readonly mayRun: boolean;
  readonly mayVerify: boolean;
}

function offers(facts: PaletteFacts): readonly PaletteItem[] {
  const act = (name: PaletteAct, words: string): PaletteItem => ({ kind: 'act', id: name, words, act: name });
  return [
    ...facts.places.map(({ path, name }): PaletteItem => ({ kind: 'go', id: path, words: `Go to ${name}`, to: path })),
    act('lock', 'Lock this window'),
    ...(facts.mayRun && facts.engine === 'running' ? [act('pause', 'Pause the engine')] : []),
    ...(facts.mayRun && facts.engine === 'paused' ? [act('resume', 'Resume the engine')] : []),
    ...(facts.mayVerify ? [act('verify', 'Verify the log')] : []),
    act('light', 'Light colours'),
    act('dark', 'Dark colours'),
    act('system', 'Colours as the system has them'),
    act('keys', 'Show the keys'),
  ];
}

/** Screens, acts and a pasted address that fit the text: each of its words begins a word of theirs. */
export function paletteItems(text: string, facts: PaletteFacts): readonly PaletteItem[] {
  const to = addressIn(text);
  if (to !== null) return [{ kind: 'go', id: 'address', words: `Go to the address ${to}`, to }];
  const wanted = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return offers(facts).filter(({ words }) => {
    const offered = words.toLowerCase().split(' ');
    return wanted.every((word) => offered.some((one) => one.startsWith(word)));
  });
}

/** Whether a text is worth looking for among the writes. */
export function isSearch(text: string): boolean {
  return addressIn(text) === null && text.trim().length >= 2;
}

/** The place after moving by `step` in a list of `length`, going round; -1 when the list is empty. */
export function moved(index: number, step: number, length: number): number {
  return length === 0 ? -1 : (Math.max(index, step > 0 ? -1 : 0) + step + length) % length;
}
