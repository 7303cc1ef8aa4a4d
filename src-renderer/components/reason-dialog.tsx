import { Button, Group, Modal, Stack, Textarea } from '@mantine/core';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import type { CallFailure } from '../../src-shared/contract/index.ts';
import { limits } from '../../src-shared/limits/index.ts';
import classes from './reason-dialog.module.css';
import { FailureWords } from './states.tsx';

export interface ReasonDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** "Reject this write". */
  readonly title: string;
  /** What the act does, and what it does not do. */
  readonly children: ReactNode;
  /** What the words are for: "Why is this wrong?" */
  readonly label: string;
  readonly hint?: string;
  readonly initial?: string;
  /** The word on the button that acts: "Reject". */
  readonly act: string;
  readonly danger?: boolean;
  /** More fields between the explanation and the reason. */
  readonly fields?: ReactNode;
  /** Why the act cannot be done yet, because of those fields. */
  readonly locked?: string | null;
  /** Acts. Resolves when done; a refusal is thrown as a {@link CallFailure} carrier and shown inside. */
  readonly onAct: (words: string) => Promise<unknown>;
}

function failureOf(error: unknown): CallFailure {
  if (typeof error === 'object' && error !== null && 'failure' in error) return error.failure as CallFailure;
  throw error;
}

/** The inside of the dialog, with words of its own for each time it opens. */
function Inside(props: ReasonDialogProps) {
  const { onAct, onClose } = props;
  const [words, setWords] = useState(props.initial ?? '');
  const [failure, setFailure] = useState<CallFailure | null>(null);
  const [busy, setBusy] = useState(false);
  const lockedId = useId();
  const locked = props.locked ?? (words.trim() === '' ? 'Write the words first: they are kept with the act.' : null);

  async function submit(): Promise<void> {
    setBusy(true);
    setFailure(null);
    try {
      await onAct(words.trim());
      onClose();
    } catch (error) {
      setFailure(failureOf(error));
    } finally {
      setBusy(false);
    }
  }
  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    if (locked === null && !busy) void submit();
  }

  return (
    <form onSubmit={onSubmit}>
      <Stack gap="sm">
        <div className="muted">{props.children}</div>
        {props.fields}
        <Textarea
          label={props.label}
          description={props.hint}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
          maxLength={limits.reasonCharsMax}
          autosize
          minRows={3}
          maxRows={10}
          required
          withAsterisk={false}
          data-autofocus
        />
        {failure === null ? null : (
          <div className={classes.refusal} role="alert">
            <FailureWords failure={failure} />
          </div>
        )}
        <Group justify="flex-end" gap="sm">
          {locked === null ? null : (
            <span id={lockedId} className="muted small">
              {locked}
            </span>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant={props.danger === true ? 'outline' : 'filled'}
            {...(props.danger === true ? { className: classes.danger ?? '' } : {})}
            loading={busy}
            {...(locked === null ? {} : { 'data-disabled': true })}
            aria-disabled={locked !== null}
            aria-describedby={locked === null ? undefined : lockedId}
          >
            {props.act}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Asks for words before an act, does it, and shows a refusal where the person is. The focus goes back to where it was. */
export function ReasonDialog(props: ReasonDialogProps) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title} size="lg">
      <Inside {...props} />
    </Modal>
  );
}
