import { Button, Checkbox, PasswordInput, Textarea } from '@mantine/core';
import { useId, useRef, useState, type FormEvent } from 'react';
import type { CallFailure, WriteViewModel } from '../../../src-shared/contract/index.ts';
import { approverRole, rolesFor, type Role, roleWords } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import { CallError, useAct } from '../../bridge/index.ts';
import { FailureWords, KeyHint, ReasonDialog, SafeText, useKeys } from '../../components/index.ts';
import { useMe } from '../../stores/index.ts';
import classes from './approvals.module.css';

const MEANING = 'I reviewed this against the visit and approve it for the chart.';

/** The decision on one write: whom it needs, what has to be acknowledged, what the signature means. */
export function Decide(props: {
  readonly view: WriteViewModel;
  /** The chart has been read, or reading it has failed and said so. */
  readonly chartRead: boolean;
  readonly onDecided: (words: string) => void;
  readonly onLookAgain: () => void;
}) {
  const { view, onDecided } = props;
  const { write } = view;
  const { person } = useMe();
  const approve = useAct('write.approve');
  const reject = useAct('write.reject');
  const [meaning, setMeaning] = useState(MEANING);
  const [acknowledged, setAcknowledged] = useState<ReadonlySet<string>>(new Set());
  const [failure, setFailure] = useState<CallFailure | null>(null);
  const [rejecting, setRejecting] = useState(false);
  // The approval is for the bytes that were on the screen when the person began to look.
  const [seen, setSeen] = useState(write.request?.sha256 ?? null);
  const meaningField = useRef<HTMLTextAreaElement>(null);
  const lockedId = useId();

  const approveAction = view.actions.find(({ name }) => name === 'approve');
  const rejectAction = view.actions.find(({ name }) => name === 'reject');
  const asked = write.waitingFor?.roles ?? view.risk.approvers;
  const role: Role | undefined = approverRole(person, { approvers: view.risk.approvers.filter((one) => asked.includes(one)) });
  const warnings = write.findings.filter(({ severity, signature }) => severity === 'review' && signature === null);
  const others = write.findings.filter((finding) => !warnings.includes(finding));
  const stale = write.request !== null && seen !== write.request.sha256;

  const locked =
    approveAction?.allowed !== true
      ? (approveAction?.reason ?? 'It cannot be approved now.')
      : stale
        ? 'What would be sent has changed. Look at it again first.'
        : !props.chartRead
          ? 'The chart is still being read.'
          : warnings.some((finding) => !acknowledged.has(finding.name))
            ? 'Acknowledge each remark first.'
            : meaning.trim() === ''
              ? 'Say what your approval means first.'
              : null;

  useKeys('This write', [
    { keys: 'd', does: 'Go to the decision', run: () => meaningField.current?.focus() },
    ...(rejectAction?.allowed === true ? [{ keys: 'e', does: 'Reject', run: () => setRejecting(true) }] : []),
  ]);

  const lookAgain = (): void => {
    setSeen(write.request?.sha256 ?? null);
    setAcknowledged(new Set());
    setFailure(null);
    props.onLookAgain();
  };
  const sign = (): void => {
    if (locked !== null || seen === null || approve.isPending) return;
    setFailure(null);
    approve.mutateAsync({ id: write.id, seenSha256: seen, meaning: meaning.trim(), acknowledged: [...acknowledged] }).then(
      () => onDecided(`Approved for the chart: ${view.title}.`),
      (error: unknown) => {
        if (error instanceof CallError) setFailure(error.failure);
      },
    );
  };

  return (
    <section className={classes.decide} aria-label="Decide">
      <div className={classes.decideBody} tabIndex={0} role="group" aria-label="What the decision rests on">
        <h2>Decide</h2>
        <dl className={classes.facts}>
          <dt>Needs</dt>
          <dd>{asked.length === 0 ? 'nobody may approve it' : roleWords(asked)}</dd>
          <dt>Why</dt>
          <dd>
            <SafeText text={write.waitingFor?.reason ?? view.risk.reason} />
          </dd>
          <dt>You</dt>
          <dd>
            <SafeText text={person.name} />,{' '}
            {role === undefined ? `${roleWords(person.roles)} (may not approve this)` : roleWords([role])}
          </dd>
          {view.subject?.practitioner != null && (
            <>
              <dt>Written for</dt>
              <dd>
                <SafeText text={view.subject.practitioner} />
              </dd>
            </>
          )}
        </dl>
        {stale && (
          <div className={classes.stale} role="alert">
            <p>
              <strong>What would be sent has changed since you began to look.</strong> Your approval would be for other bytes than
              those on the screen, so it was not given. Nothing was sent.
            </p>
            <Button size="compact-sm" onClick={lookAgain}>
              Look again
            </Button>
          </div>
        )}
        {others.map((finding) => (
          <p key={finding.name} className={classes.finding} data-severity={finding.severity}>
            <SafeText text={finding.message} />
            {finding.signature !== null && (
              <span className="muted">
                {' '}
                {finding.signature.act} by <SafeText text={finding.signature.name} />:{' '}
                <SafeText text={finding.signature.reason} />
              </span>
            )}
          </p>
        ))}
        {warnings.length > 0 && (
          <fieldset className={classes.acknowledge}>
            <legend>Acknowledge</legend>
            {warnings.map((finding) => {
              const key = finding.name;
              return (
                <Checkbox
                  key={key}
                  checked={acknowledged.has(key)}
                  onChange={(event) => {
                    const next = new Set(acknowledged);
                    if (event.currentTarget.checked) next.add(key);
                    else next.delete(key);
                    setAcknowledged(next);
                  }}
                  label={
                    <>
                      <SafeText text={finding.message} />
                      <span className="muted">
                        {' '}
                        <SafeText text={finding.next} /> (<SafeText text={finding.path} />)
                      </span>
                    </>
                  }
                />
              );
            })}
          </fieldset>
        )}
        <Textarea
          ref={meaningField}
          label="Meaning"
          description="Kept with your signature. Change it if it says more or less than you mean."
          value={meaning}
          onChange={(event) => setMeaning(event.currentTarget.value)}
          maxLength={limits.reasonCharsMax}
          autosize
          minRows={2}
          maxRows={8}
          disabled={approveAction?.allowed !== true}
        />
      </div>
      {failure !== null && (
        <div className={classes.refused} role="alert">
          {failure.code === 'approval-stale' && <p>What would be sent is no longer what was on the screen.</p>}
          <FailureWords failure={failure} />
          {failure.code === 'step-up-needed' && <StepUp onGiven={sign} />}
          {failure.code === 'approval-stale' && (
            <Button size="compact-sm" onClick={lookAgain}>
              Look again
            </Button>
          )}
        </div>
      )}
      {locked !== null && (
        <p id={lockedId} className="small muted">
          Locked: <SafeText text={locked} />
        </p>
      )}
      <Button
        variant="filled"
        fullWidth
        size="md"
        loading={approve.isPending}
        onClick={sign}
        {...(locked === null ? {} : { 'data-disabled': true })}
        aria-disabled={locked !== null}
        aria-describedby={locked === null ? undefined : lockedId}
      >
        Approve for the chart
      </Button>
      {rejectAction?.allowed === true ? (
        <Button fullWidth className={classes.reject ?? ''} rightSection={<KeyHint keys="e" />} onClick={() => setRejecting(true)}>
          Reject…
        </Button>
      ) : (
        <p className="small muted">
          Reject: locked. <SafeText text={rejectAction?.reason ?? `It needs one of: ${roleWords(rolesFor('write.reject'))}.`} />
        </p>
      )}
      <p className="small muted">
        Signs exactly these bytes as <SafeText text={person.name} />
        {role === undefined ? '' : `, ${roleWords([role])}`}, with the time and the meaning above. One changed byte voids the
        signature.
      </p>
      <ReasonDialog
        opened={rejecting}
        onClose={() => setRejecting(false)}
        title="Reject this write"
        label="Why is it wrong?"
        hint="Kept in the log and shown to whoever wrote it."
        act="Reject"
        danger
        onAct={(reason) =>
          reject.mutateAsync({ id: write.id, reason }).then(() => onDecided(`Rejected: ${view.title}. Nothing was sent.`))
        }
      >
        It is not sent to the chart. Its author has to correct it and send it anew.
      </ReasonDialog>
    </section>
  );
}

/** High risk asks for the secret again when it was given a while ago. */
function StepUp(props: { readonly onGiven: () => void }) {
  const unlock = useAct('session.unlock');
  const [secret, setSecret] = useState('');
  const give = (event: FormEvent): void => {
    event.preventDefault();
    unlock.mutateAsync({ secret }).then(props.onGiven, () => setSecret(''));
  };
  return (
    <form onSubmit={give}>
      <PasswordInput
        label="Your secret"
        value={secret}
        onChange={(event) => setSecret(event.currentTarget.value)}
        maxLength={limits.secretCharsMax}
        autoComplete="off"
        error={unlock.error === null ? null : unlock.error.failure.message}
      />
      <Button type="submit" size="compact-sm" loading={unlock.isPending} disabled={secret === ''}>
        Approve with it
      </Button>
    </form>
  );
}
