import { create } from 'zustand';
import type { Act } from '../../src-shared/domain/index.ts';
import type { Me } from '../../src-shared/contract/index.ts';

/**
 * Who sits at this window. Only while `phase` is `in` may anything clinical be on the screen: everything that shows it
 * is mounted under that phase and nowhere else.
 */
export type SessionState =
  | { readonly phase: 'asking'; readonly me: null }
  | { readonly phase: 'out'; readonly me: null }
  | { readonly phase: 'locked'; readonly me: Me | null }
  | { readonly phase: 'in'; readonly me: Me };

interface SessionStore {
  readonly session: SessionState;
  /** What the main process says about who is signed in. */
  tell(me: Me | null): void;
  lock(): void;
  signedOut(): void;
}

export const useSession = create<SessionStore>()((set) => ({
  session: { phase: 'asking', me: null },
  tell: (me) =>
    set({
      session: me === null ? { phase: 'out', me } : me.locked ? { phase: 'locked', me } : { phase: 'in', me },
    }),
  lock: () =>
    set(({ session }) => (session.phase === 'in' ? { session: { phase: 'locked', me: { ...session.me, locked: true } } } : {})),
  signedOut: () => set({ session: { phase: 'out', me: null } }),
}));

/** The person who is signed in and not locked out; only below the frame, where there is one. */
export function useMe(): Me {
  const { session } = useSession();
  if (session.phase !== 'in') throw new Error('Nobody is signed in here.');
  return session.me;
}

/** Whether the person who is signed in may come to an act at all; the main process decides in the end. */
export function useMay(act: Act): boolean {
  return useSession(({ session }) => session.phase === 'in' && session.me.acts.includes(act));
}
