import { useClient } from '../bridge/index.ts';
import { useSession } from '../stores/index.ts';

/** Locks this window: what is on the screen goes first, the main process is told next. */
export function useLockNow(): () => void {
  const client = useClient();
  const lock = useSession((store) => store.lock);
  return () => {
    lock();
    // Hidden is hidden: when the main process cannot be reached, it will not answer anything clinical either.
    client.call('session.lock', {}).catch(() => undefined);
  };
}
