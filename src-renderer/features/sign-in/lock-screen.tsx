import { Button } from '@mantine/core';
import type { Me } from '../../../src-shared/contract/index.ts';
import { useAct, useCall } from '../../bridge/index.ts';
import { SafeText } from '../../components/index.ts';
import { useSession } from '../../stores/index.ts';
import { Door } from './door.tsx';
import { SecretForm } from './secret-form.tsx';

/** Covers the window until the same person is back, or someone else wants to sign in. */
export function LockScreen(props: { readonly person: Me['person'] | null }) {
  const { person } = props;
  const { tell, signedOut } = useSession();
  const people = useCall('session.people', {});
  const unlock = useAct('session.unlock');
  const signOut = useAct('session.sign-out');
  return (
    <Door windowTitle="Locked" title="Locked">
      <p className="muted">
        {person === null ? (
          'Only the person who was signed in can go on here.'
        ) : (
          <>
            <strong>
              <SafeText text={person.name} />
            </strong>{' '}
            is signed in. What was on the screen is kept out of sight until the secret is given.
          </>
        )}
      </p>
      <SecretForm
        owner={person?.id ?? null}
        label={person === null ? 'Secret' : 'Your secret'}
        act="Unlock"
        practiceSecret={person === null ? null : (people.data?.practiceSecrets?.[person.id] ?? null)}
        failure={unlock.error?.failure ?? signOut.error?.failure ?? null}
        busy={unlock.isPending}
        focus
        onSecret={(secret) => unlock.mutate({ secret }, { onSuccess: tell })}
        after={
          <Button fullWidth loading={signOut.isPending} onClick={() => signOut.mutate({}, { onSuccess: signedOut })}>
            Someone else: sign out and choose
          </Button>
        }
      />
    </Door>
  );
}
