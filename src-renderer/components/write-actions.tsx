import { Button, Modal, TextInput } from '@mantine/core';
import { useId, useState } from 'react';
import { useLocation } from 'wouter';
import type { ActionName, CallFailure, WriteAction, WriteViewModel } from '../../src-shared/contract/index.ts';
import type { StateName } from '../../src-shared/domain/index.ts';
import { CallError, useAct } from '../bridge/index.ts';
import { KeyHint } from './key-hint.tsx';
import { ReasonDialog } from './reason-dialog.tsx';
import { SafeText } from './safe-text.tsx';
import { FailureWords } from './states.tsx';
import classes from './write-actions.module.css';

interface Words {
  readonly button: string;
  readonly locked: string;
  readonly keys: string;
}

const words: Readonly<Record<ActionName, Words>> = {
  approve: { button: 'Look at it and decide', locked: 'Approve for the chart', keys: 'p' },
  reject: { button: 'Reject…', locked: 'Reject', keys: 'e' },
  retry: { button: 'Send it again…', locked: 'Send again', keys: 't' },
  withdraw: { button: 'Withdraw…', locked: 'Withdraw', keys: 'w' },
  resolve: { button: 'Settle by hand…', locked: 'Settle by hand', keys: 's' },
  'attest-found': { button: 'Attest: it is in the chart…', locked: 'Attest that it is in the chart', keys: 'a' },
  'attest-absent': { button: 'Attest: it is not in the chart…', locked: 'Attest that it is not in the chart', keys: 'n' },
};

/** Order on the screen: what settles a doubt first, what gives up last. */
const order: readonly ActionName[] = ['attest-found', 'attest-absent', 'approve', 'retry', 'reject', 'resolve', 'withdraw'];

/** What people look for in a state: where it is locked, that is said at once and not only on asking. */
const expectedIn: Readonly<Partial<Record<StateName, readonly ActionName[]>>> = {
  'awaiting-approval': ['approve'],
  unknown: ['attest-found', 'attest-absent', 'retry', 'withdraw'],
  conflict: ['withdraw'],
  'failed-retryable': ['retry', 'withdraw'],
  'failed-terminal': ['resolve'],
  'in-flight': ['withdraw'],
};

export interface ActionKey {
  readonly name: ActionName;
  readonly keys: string;
  readonly does: string;
}

/** Keys of what can be done now, for the screen to register. */
export function actionKeys(actions: readonly WriteAction[]): readonly ActionKey[] {
  return order
    .filter((name) => actions.some((action) => action.name === name && action.allowed))
    .map((name) => ({ name, keys: words[name].keys, does: words[name].button.replace('…', '') }));
}

/**
 * What a person can do with a write. What is locked says why. Every act asks first, in a dialog; `opened` is the one that
 * is asking.
 */
export function WriteActions(props: {
  readonly view: WriteViewModel;
  readonly opened: ActionName | null;
  readonly onOpen: (name: ActionName | null) => void;
  /** Said aloud and shown after an act has been done. */
  readonly onDone: (words: string) => void;
}) {
  const { view, opened, onOpen } = props;
  const id = useId();
  const [, navigate] = useLocation();
  const open = (name: ActionName): void => {
    if (name === 'approve') navigate(`/approvals/${encodeURIComponent(view.write.id)}`);
    else onOpen(name);
  };
  const actions = order.flatMap((name) => view.actions.find((action) => action.name === name) ?? []);
  const allowed = actions.filter((action) => action.allowed);
  const locked = actions.filter((action) => !action.allowed);
  const expected = locked.filter(({ name }) => expectedIn[view.write.state]?.includes(name));
  const others = locked.filter((action) => !expected.includes(action));
  return (
    <>
      {allowed.length === 0 && <p className="muted">There is nothing for you to decide here.</p>}
      <ul className={classes.actions}>
        {allowed.map(({ name, reason }) => (
          <li key={name}>
            <Button
              fullWidth
              justify="space-between"
              rightSection={<KeyHint keys={words[name].keys} />}
              onClick={() => open(name)}
              aria-describedby={reason === '' ? undefined : `${id}-${name}`}
            >
              {words[name].button}
            </Button>
            {reason !== '' && (
              <p id={`${id}-${name}`} className="small muted">
                <SafeText text={reason} />
              </p>
            )}
          </li>
        ))}
        {expected.map((action) => (
          <Locked key={action.name} action={action} />
        ))}
      </ul>
      {others.length > 0 && (
        <details className={classes.others}>
          <summary>What is locked, and why</summary>
          <ul className={classes.actions}>
            {others.map((action) => (
              <Locked key={action.name} action={action} />
            ))}
          </ul>
        </details>
      )}
      {opened !== null && <ActionDialog key={opened} {...props} name={opened} />}
    </>
  );
}

function Locked(props: { readonly action: WriteAction }) {
  const { name, reason } = props.action;
  return (
    <li className={classes.locked}>
      <strong>{words[name].locked}: locked.</strong> <SafeText text={reason} />
    </li>
  );
}

function ActionDialog(props: {
  readonly view: WriteViewModel;
  readonly name: ActionName;
  readonly onOpen: (name: ActionName | null) => void;
  readonly onDone: (words: string) => void;
}) {
  const { view, name, onOpen, onDone } = props;
  const { id } = view.write;
  const [reference, setReference] = useState(`${view.write.resourceType}/`);
  const reject = useAct('write.reject');
  const withdraw = useAct('write.withdraw');
  const resolve = useAct('write.resolve');
  const found = useAct('write.attest-found');
  const absent = useAct('write.attest-absent');
  const close = (): void => onOpen(null);
  const then = (done: string) => (): void => onDone(done);
  const common = { opened: true, onClose: close };
  switch (name) {
    case 'approve':
      return null;
    case 'retry':
      return <RetryDialog {...props} onClose={close} />;
    case 'reject':
      return (
        <ReasonDialog
          {...common}
          title="Reject this write"
          label="Why is it wrong?"
          hint="Kept in the log and shown to whoever wrote it."
          act="Reject"
          danger
          onAct={(reason) => reject.mutateAsync({ id, reason }).then(then('Rejected. Nothing was sent to the chart.'))}
        >
          It is not sent to the chart. Its author has to correct it and send it anew.
        </ReasonDialog>
      );
    case 'withdraw':
      return (
        <ReasonDialog
          {...common}
          title="Withdraw this write"
          label="Why is it not needed?"
          act="Withdraw"
          danger
          onAct={(reason) => withdraw.mutateAsync({ id, reason }).then(then('Withdrawn. Nothing was sent to the chart.'))}
        >
          It is taken out of the queue and never sent. This cannot be taken back; the source can send it anew.
        </ReasonDialog>
      );
    case 'resolve':
      return (
        <ReasonDialog
          {...common}
          title="Settle by hand"
          label="What was done instead, and by whom?"
          hint="For example: entered in the chart by hand by Dr Lee at 14:10."
          act="Settle"
          onAct={(reason) =>
            resolve.mutateAsync({ id, reason }).then(then('Settled by hand. Countersign does nothing more with it.'))
          }
        >
          Countersign stops working on this write and changes nothing in the chart. Your words are the record of how it ended.
        </ReasonDialog>
      );
    case 'attest-found':
      return (
        <ReasonDialog
          {...common}
          title="Attest that it is in the chart"
          label="How do you know it is this one?"
          hint="What you looked at, and when."
          act="Attest: it is there"
          locked={REFERENCE.test(reference.trim()) ? null : 'Name the entry in the chart first, as Type/id.'}
          fields={
            <TextInput
              label="Entry in the chart"
              description="As the EHR names it: Type/id"
              value={reference}
              onChange={(event) => setReference(event.currentTarget.value)}
              autoComplete="off"
              spellCheck={false}
            />
          }
          onAct={(reason) =>
            found
              .mutateAsync({ id, reference: reference.trim(), reason })
              .then(then('Attested as found. Countersign now reads that entry and compares it.'))
          }
        >
          You have found this write in the chart. It is not sent again. Countersign reads the entry you name and compares it with
          what was sent.
        </ReasonDialog>
      );
    case 'attest-absent':
      return (
        <ReasonDialog
          {...common}
          title="Attest that it is not in the chart"
          label="Where did you look, and when?"
          hint="Notes of this visit, the patient's lists, drafts that wait in the EHR."
          act="Attest: it is not there"
          danger
          onAct={(reason) => absent.mutateAsync({ id, reason }).then(then('Attested as absent.'))}
        >
          You have looked in the chart and this write is not there. After this it may be sent again. If it is there after all, the
          chart will hold it twice.
        </ReasonDialog>
      );
  }
}

const REFERENCE = /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/;

/** Sending again needs no words, but it needs a second thought. */
function RetryDialog(props: {
  readonly view: WriteViewModel;
  readonly onClose: () => void;
  readonly onDone: (words: string) => void;
}) {
  const { view, onClose, onDone } = props;
  const retry = useAct('write.retry');
  const [failure, setFailure] = useState<CallFailure | null>(null);
  const send = (): void => {
    retry.mutateAsync({ id: view.write.id }).then(
      () => {
        onDone('It goes out again.');
        onClose();
      },
      (error: unknown) => {
        if (error instanceof CallError) setFailure(error.failure);
      },
    );
  };
  return (
    <Modal opened onClose={onClose} title="Send this write again">
      <div className={classes.retry}>
        <p>
          It is proved that it is not in the chart. The same bytes go out once more:{' '}
          <strong>
            <SafeText text={view.title} />
          </strong>
          {view.subject !== null && (
            <>
              {' '}
              for <SafeText text={view.subject.name} />
            </>
          )}
          .
        </p>
        {failure !== null && (
          <div className={classes.refused} role="alert">
            <FailureWords failure={failure} />
          </div>
        )}
        <div className={classes.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="filled" loading={retry.isPending} onClick={send} data-autofocus>
            Send again
          </Button>
        </div>
      </div>
    </Modal>
  );
}
