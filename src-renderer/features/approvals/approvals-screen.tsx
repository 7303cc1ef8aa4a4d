import { useCallback, useEffect, useRef, useState } from 'react';
import { useLocation, useParams } from 'wouter';
import type { ApprovalsPage, QueueRow, WriteViewModel } from '../../../src-shared/contract/index.ts';
import { useCall } from '../../bridge/index.ts';
import {
  Answer,
  Age,
  CopyLink,
  EmptyState,
  FailedState,
  LoadingState,
  RiskBadge,
  SafeText,
  Screen,
  StateBadge,
  SubjectLine,
  useKeys,
} from '../../components/index.ts';
import { ApprovalLists } from './approval-lists.tsx';
import classes from './approvals.module.css';
import { Decide } from './decide.tsx';
import { WhatIsApproved } from './what-is-approved.tsx';

function addressOf(id: string | undefined): string {
  return id === undefined ? '/approvals' : `/approvals/${encodeURIComponent(id)}`;
}

/** What waits for this person's decision, one at a time: evidence at the left, the decision at the right. */
export function ApprovalsScreen() {
  const list = useCall('approvals.list', {});
  const [said, setSaid] = useState('');
  return (
    <>
      <p role="status" className="unseen">
        {said}
      </p>
      {list.data === undefined ? (
        <Screen windowTitle="Approvals" title="Approvals">
          <Answer query={list} what="your approvals">
            {() => null}
          </Answer>
        </Screen>
      ) : (
        <Waiting page={list.data} said={said} onSaid={setSaid} />
      )}
    </>
  );
}

function Waiting(props: { readonly page: ApprovalsPage; readonly said: string; readonly onSaid: (words: string) => void }) {
  const { page, onSaid } = props;
  const { id } = useParams<{ id?: string }>();
  const [, navigate] = useLocation();
  // Decided here a moment ago: the list that is on its way need not say so yet.
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const waiting = page.waiting.filter((row) => !gone.has(row.id));
  const current = id ?? waiting[0]?.id;
  const at = waiting.findIndex((row) => row.id === current);

  const goTo = (row: QueueRow | undefined): void => {
    if (row !== undefined) navigate(addressOf(row.id), { replace: true });
  };
  useKeys('Approvals', [
    { keys: 'j', does: 'Next one', run: () => goTo(waiting[at + 1]) },
    { keys: 'k', does: 'The one before', run: () => goTo(waiting[Math.max(0, at - 1)]) },
  ]);

  // Which write is before the person at this moment: none after they left this screen.
  const shown = useRef<string | undefined>(undefined);
  useEffect(() => {
    shown.current = current;
    return () => {
      shown.current = undefined;
    };
  }, [current]);

  const decided = useCallback(
    (words: string) => {
      if (current === undefined) return;
      setGone((before) => new Set([...before, current]));
      // Whoever has gone elsewhere while the decision was on its way is left where they are.
      if (shown.current !== current) return onSaid(words);
      const next = waiting[at + 1] ?? waiting[at - 1];
      onSaid(next === undefined ? `${words} Nothing more waits for you.` : `${words} Next: ${next.title}.`);
      navigate(addressOf(next?.id), { replace: true });
    },
    [current, waiting, at, onSaid, navigate],
  );

  const lists = (
    <ApprovalLists waiting={waiting} others={page.others} decided={page.decided} current={current} addressOf={addressOf} />
  );
  if (current === undefined) {
    return (
      <Screen key="none" windowTitle="Approvals" title="Approvals" note={props.said}>
        <EmptyState title="Nothing waits for your decision.">
          {page.others === 0
            ? 'New writes that need you appear here by themselves.'
            : `${page.others.toLocaleString()} ${page.others === 1 ? 'write waits' : 'writes wait'} for somebody else.`}
        </EmptyState>
        {lists}
      </Screen>
    );
  }
  return (
    <One
      // A screen of its own for each write: the focus goes to its heading, and nothing typed for another one stays.
      key={current}
      id={current}
      place={at < 0 ? 'Approvals' : `${(at + 1).toLocaleString()} of ${waiting.length.toLocaleString()}`}
      said={props.said}
      lists={lists}
      onDecided={decided}
    />
  );
}

function One(props: {
  readonly id: string;
  readonly place: string;
  readonly said: string;
  readonly lists: React.ReactNode;
  readonly onDecided: (words: string) => void;
}) {
  const { id } = props;
  const view = useCall('write.read', { id });
  const chart = useCall('write.chart-now', { id }, { staleMs: Infinity });
  const { data } = view;
  return (
    <Screen
      windowTitle="Approvals"
      title={
        <>
          <span className={classes.place}>Approvals {props.place} / </span>
          <span className={classes.title}>{data === undefined ? '' : <SafeText text={titleOf(data)} />}</span>
        </>
      }
      note={
        data !== undefined && (
          <span className={classes.badges}>
            <RiskBadge tier={data.write.tier} long />
            {data.write.state !== 'awaiting-approval' && (
              <StateBadge state={data.write.state} verification={data.write.verification} code={data.write.code} />
            )}
          </span>
        )
      }
      aside={
        <>
          {data !== undefined && (
            <span className="muted">
              Waits <Age at={data.write.updatedAt} />
            </span>
          )}
          <CopyLink />
        </>
      }
      fill
    >
      {props.said !== '' && <p className={classes.said}>{props.said}</p>}
      <div className={classes.split}>
        <div className={classes.lists}>{props.lists}</div>
        <section className={classes.evidence} aria-label="What you would approve" tabIndex={0}>
          {data !== undefined && (
            <p className="muted">
              <SubjectLine view={data} nameless /> · <SafeText text={data.write.connection} />
            </p>
          )}
          {view.error !== null && data === undefined && (
            <FailedState failure={view.error.failure} onRetry={() => void view.refetch()} />
          )}
          {view.isPending && <LoadingState what="this write" />}
          {data !== undefined && <WhatIsApproved view={data} chart={chart} />}
        </section>
        {data !== undefined && (
          <Decide
            view={data}
            chartRead={!chart.isFetching}
            onDecided={props.onDecided}
            onLookAgain={() => {
              void view.refetch();
              void chart.refetch();
            }}
          />
        )}
      </div>
    </Screen>
  );
}

function titleOf(view: WriteViewModel): string {
  return view.subject === null ? view.title : `${view.title} · ${view.subject.name}`;
}
