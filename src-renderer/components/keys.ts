import { useEffect, useEffectEvent } from 'react';
import { create } from 'zustand';
import { isTyping, keyName } from './key-names.ts';

/**
 * Keyboard shortcuts. A screen says which keys it has; they work while it is there, are not heard while a person types
 * or a dialog is open, and stand in the help (`?`).
 */

export interface Shortcut {
  /** As `key-names.ts` writes it: `j`, `Enter`, `?`, `mod+k`, `g t` is not one. */
  readonly keys: string;
  /** What it does, for the help: "Next row". */
  readonly does: string;
  readonly run: (event: KeyboardEvent) => void;
  /** Works also while a person types and while a dialog is open. For chords with `mod` only. */
  readonly everywhere?: boolean;
}

interface Section {
  readonly id: number;
  readonly title: string;
  readonly shortcuts: readonly Pick<Shortcut, 'keys' | 'does'>[];
}

interface KeysStore {
  readonly sections: readonly Section[];
}

/** The shortcuts that work now, for the help. */
export const useShortcuts = create<KeysStore>()(() => ({ sections: [] }));

let lastId = 0;

const dialogOpen = (): boolean => document.querySelector('[role="dialog"][aria-modal="true"]') !== null;

/** Registers shortcuts for as long as the component is there. `title` is the heading over them in the help. */
export function useKeys(title: string, shortcuts: readonly Shortcut[]): void {
  const pressed = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const name = keyName(event);
    const shortcut = shortcuts.find(({ keys }) => keys === name);
    if (shortcut === undefined) return;
    if (shortcut.everywhere !== true && (isTyping(event) || dialogOpen())) return;
    event.preventDefault();
    shortcut.run(event);
  });
  const help = JSON.stringify(shortcuts.map(({ keys, does }) => ({ keys, does })));
  useEffect(() => {
    const id = (lastId += 1);
    const section: Section = { id, title, shortcuts: JSON.parse(help) as Section['shortcuts'] };
    useShortcuts.setState(({ sections }) => ({ sections: [...sections, section] }));
    return () => useShortcuts.setState(({ sections }) => ({ sections: sections.filter((one) => one.id !== id) }));
  }, [title, help]);
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => pressed(event);
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, []);
}
