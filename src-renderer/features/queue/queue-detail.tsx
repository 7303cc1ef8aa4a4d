import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import type { ActionName, QueueRow, TimelineEntryView, WriteViewModel } from '../../../src-shared/contract/index.ts';
import { useCall } from '../../bridge/index.ts';
import {
  actionKeys,
  Answer,
  At,
  entryWords,
  KeyHint,
  RiskBadge,
  SafeText,
  StateBadge,
  Story,
  SubjectLine,
  useKeys,
  WriteActions,
  writeAddress,
} from '../../components/index.ts';
import classes from './queue-screen.module.css';

/** Somebody who walks through the list with the arrows does not ask for every write on the way. */
const SETTLE_MS = 120;

/** What the row in focus is about: what happened, whether the chart changed, what can be done. */
export function QueueDetail(props: {
  readonly row: QueueRow;
  readonly masked: boolean;
  readonly onDone: (words: string) => void;
}) {
  const { row } = props;
  const [settled, setSettled] = useState(row.id);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(row.id), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [row.id]);
  const view = useCall('write.read', { id: settled }, { keepPrevious: true });
  return (
    <aside className={classes.detail} aria-label="The write in focus">
      <div className={classes.detailHead}>
        <h2>
          <SafeText text={row.title} />
        </h2>
        <StateBadge state={row.state} verification={row.verification} code={row.code} />
      </div>
      {/* Scrolls on its own, so the keyboard must be able to reach it. */}
      <div className={classes.detailBody} tabIndex={0} role="group" aria-label="What is known about it">
        <Answer query={view} what="this write">
          {(value) =>
            value.write.id === row.id ? <Loaded view={value} {...props} /> : <p className="muted">Loading this write…</p>
          }
        </Answer>
      </div>
      <Button
        component={Link}
        href={writeAddress(row.id)}
        variant="filled"
        fullWidth
        className={classes.open ?? ''}
        rightSection={<KeyHint keys="Enter" />}
        justify="center"
      >
        Open this write
      </Button>
    </aside>
  );
}

function Loaded(props: { readonly view: WriteViewModel; readonly masked: boolean; readonly onDone: (words: string) => void }) {
  const { view } = props;
  const { write } = view;
  const [opened, setOpened] = useState<ActionName | null>(null);
  useKeys(
    'The write in focus',
    actionKeys(view.actions)
      .filter(({ name }) => name !== 'approve')
      .map(({ name, keys, does }) => ({ keys, does, run: () => setOpened(name) })),
  );
  return (
    <>
      <p className="muted">
        <SubjectLine view={view} masked={props.masked} />
      </p>
      <p className={classes.facts}>
        <RiskBadge tier={write.tier} long /> <span className="muted">{write.connection}</span>
      </p>
      <Story view={view} />
      <section className={classes.block}>
        <h3>You can</h3>
        <WriteActions view={view} opened={opened} onOpen={setOpened} onDone={props.onDone} />
      </section>
      <section className={classes.block}>
        <h3>What is on record</h3>
        <ol className={classes.record}>
          {write.timeline.slice(-4).map((entry) => (
            <li key={`${entry.tenant} ${entry.seq}`}>
              <span className="muted">
                <At at={entry.at} />
              </span>{' '}
              {words(entry)}
              {entry.note !== null && (
                <>
                  : <SafeText text={entry.note} />
                </>
              )}
            </li>
          ))}
        </ol>
      </section>
    </>
  );
}

function words(entry: TimelineEntryView): string {
  const { title, after } = entryWords(entry);
  return after === null ? title : `${title}: ${after}`;
}
