import { useEffect } from 'react';
import { useCall, useNotice } from '../bridge/index.ts';
import { Answer } from '../components/index.ts';
import { Door, LockScreen, SignInScreen } from '../features/sign-in/index.ts';
import { useSession } from '../stores/index.ts';
import { Frame } from './frame.tsx';

/**
 * Sign-in, lock or the frame. Only the frame holds anything clinical; when the session ends it is taken down whole, and
 * takes every answer with it.
 */
export function Session() {
  const { session, tell, lock, signedOut } = useSession();
  const me = useCall('session.me', {}, { enabled: session.phase === 'asking' });

  useEffect(() => {
    if (session.phase === 'asking' && me.data !== undefined) tell(me.data);
  }, [session.phase, me.data, tell]);
  useNotice((notice) => {
    if (notice.kind !== 'session') return;
    if (notice.state === 'locked') lock();
    else signedOut();
  });

  switch (session.phase) {
    case 'asking':
      return (
        <Door windowTitle="Starting" title={me.error === null ? 'Countersign is starting' : 'Countersign could not be reached'}>
          <Answer query={me} what="who is signed in">
            {() => null}
          </Answer>
        </Door>
      );
    case 'out':
      return <SignInScreen />;
    case 'locked':
      return <LockScreen person={session.me?.person ?? null} />;
    case 'in':
      return <Frame />;
  }
}
