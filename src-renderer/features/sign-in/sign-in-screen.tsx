import { useState } from 'react';
import { roleWords } from '../../../src-shared/domain/index.ts';
import type { Response } from '../../../src-shared/contract/index.ts';
import { useAct, useCall } from '../../bridge/index.ts';
import { Answer, EmptyState, SafeText } from '../../components/index.ts';
import { useSession } from '../../stores/index.ts';
import { Door } from './door.tsx';
import classes from './door.module.css';
import { SecretForm } from './secret-form.tsx';

function SignIn(props: { readonly known: Response<'session.people'> }) {
  const { people, practiceSecrets } = props.known;
  const [chosen, setChosen] = useState<string | null>(people.length === 1 ? (people[0]?.id ?? null) : null);
  const signIn = useAct('session.sign-in');
  const tell = useSession((store) => store.tell);
  const practiceSecret = chosen === null ? null : (practiceSecrets?.[chosen] ?? null);

  if (people.length === 0) {
    return (
      <EmptyState title="Nobody can sign in yet">
        Add the first person with the command <code>countersign person add</code>, then open this window again.
      </EmptyState>
    );
  }
  return (
    <SecretForm
      owner={chosen}
      label="Secret"
      act="Sign in"
      practiceSecret={practiceSecret}
      failure={signIn.error?.failure ?? null}
      busy={signIn.isPending}
      locked={chosen === null ? 'Choose who you are first.' : null}
      onSecret={(secret) => {
        if (chosen !== null) signIn.mutate({ person: chosen, secret }, { onSuccess: tell });
      }}
      before={
        <fieldset className={classes.group}>
          <legend>Who are you?</legend>
          {practiceSecrets === null ? null : (
            <p className={classes.practice}>
              This is a practice workspace: its people, its patients and its EHR are made up. Choose anybody.
            </p>
          )}
          <div className={classes.people}>
            {people.map((person) => (
              <label key={person.id} className={classes.person}>
                <input
                  type="radio"
                  name="person"
                  value={person.id}
                  checked={chosen === person.id}
                  onChange={() => {
                    setChosen(person.id);
                    signIn.reset();
                  }}
                />
                <span className={classes.who}>
                  <strong>
                    <SafeText text={person.name} as="line" />
                  </strong>
                  <span className="muted small">{roleWords(person.roles)}</span>
                </span>
              </label>
            ))}
          </div>
        </fieldset>
      }
    />
  );
}

/** Choose a person, give the secret. */
export function SignInScreen() {
  const people = useCall('session.people', {});
  return (
    <Door windowTitle="Sign in" title="Sign in">
      <Answer query={people} what="the people of this workspace">
        {(known) => <SignIn known={known} />}
      </Answer>
    </Door>
  );
}
