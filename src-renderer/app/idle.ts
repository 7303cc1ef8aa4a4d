import { useEffect, useEffectEvent } from 'react';
import { useClient } from '../bridge/index.ts';
import { useMe, useSession } from '../stores/index.ts';

/** How often the main process is told, at most, that the person is here. */
export const TELL_MS = 30_000;
const LOOK_MS = 5_000;
const inputs = ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchstart'] as const;

/** What is due, given when the person was last active and when the main process was last told; all in milliseconds. */
export function idleDuty(
  at: { readonly now: number; readonly active: number; readonly told: number },
  idleLockMs: number,
): 'lock' | 'tell' | 'nothing' {
  if (at.now - at.active >= idleLockMs) return 'lock';
  return at.active > at.told && at.now - at.told >= TELL_MS ? 'tell' : 'nothing';
}

/**
 * Tells the main process that the person is here, and locks when they are not. The main process locks by itself; this
 * window does too, for the case that its word does not get through.
 */
export function useIdle(): void {
  const client = useClient();
  const lock = useSession((store) => store.lock);
  const { idleLockSeconds } = useMe();
  const start = useEffectEvent(() => {
    const now = Date.now();
    const at = { now, active: now, told: now };
    const look = (): void => {
      at.now = Date.now();
      switch (idleDuty(at, idleLockSeconds * 1000)) {
        case 'lock':
          lock();
          return;
        case 'tell':
          at.told = at.now;
          client.call('session.active', {}).catch(() => undefined);
          return;
        case 'nothing':
          return;
      }
    };
    const moved = (): void => {
      // Looked at first: the first movement after a machine slept must not count as having been here.
      look();
      at.active = Date.now();
      look();
    };
    for (const input of inputs) window.addEventListener(input, moved, { passive: true });
    const timer = setInterval(look, LOOK_MS);
    return () => {
      clearInterval(timer);
      for (const input of inputs) window.removeEventListener(input, moved);
    };
  });
  useEffect(() => start(), []);
}
