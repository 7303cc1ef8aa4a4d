import { Button, PasswordInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { CallFailure } from '../../../src-shared/contract/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import { SafeText } from '../../components/index.ts';
import classes from './door.module.css';

/** A secret to type and the button that uses it. In a practice workspace the secret is there already, with the reason for it. */
export function SecretForm(props: {
  /** Id of the person whose secret it is; `null` while none is chosen. */
  readonly owner: string | null;
  readonly label: string;
  readonly act: string;
  /** The secret of a made-up person, to be filled in; `null` in a real workspace. */
  readonly practiceSecret: string | null;
  readonly failure: CallFailure | null;
  readonly busy: boolean;
  /** Why it cannot be used yet. */
  readonly locked?: string | null;
  /** Takes the focus when it appears. */
  readonly focus?: boolean;
  readonly before?: ReactNode;
  readonly after?: ReactNode;
  readonly onSecret: (secret: string) => void;
}) {
  // A secret typed for one person is not offered for another.
  const [kept, setTyped] = useState<{ readonly owner: string | null; readonly secret: string } | null>(null);
  const typed = kept?.owner === props.owner ? kept.secret : null;
  const secret = typed ?? props.practiceSecret ?? '';
  const locked = props.locked ?? (secret === '' ? 'Type the secret first.' : null);
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (locked === null && !props.busy) props.onSecret(secret);
  }
  return (
    <form className={classes.form} onSubmit={submit}>
      {props.before}
      <PasswordInput
        autoFocus={props.focus === true}
        label={props.label}
        value={secret}
        onChange={(event) => setTyped({ owner: props.owner, secret: event.currentTarget.value })}
        maxLength={limits.secretCharsMax}
        autoComplete="current-password"
        visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the secret', tabIndex: 0 }}
      />
      {props.practiceSecret === null || typed !== null ? null : (
        <p className={classes.practice}>
          The secret is filled in because this is a practice workspace. Its people are made up and its secrets protect nothing.
        </p>
      )}
      {props.failure === null ? null : (
        <div className={classes.refused} role="alert">
          <strong>
            <SafeText text={props.failure.message} />
          </strong>{' '}
          <SafeText text={props.failure.next} />
        </div>
      )}
      <Button type="submit" variant="filled" size="md" fullWidth loading={props.busy} disabled={locked !== null}>
        {props.act}
      </Button>
      {locked === null ? null : <p className="muted small">{locked}</p>}
      {props.after}
    </form>
  );
}
