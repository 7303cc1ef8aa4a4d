import { Tabs } from '@mantine/core';
import { useState } from 'react';
import { Link, useLocation, useParams, useSearchParams } from 'wouter';
import { roleWords } from '../../../src-shared/domain/index.ts';
import type { ActionName, WriteViewModel } from '../../../src-shared/contract/index.ts';
import { useCall } from '../../bridge/index.ts';
import {
  actionKeys,
  CopyLink,
  FailedState,
  LoadingState,
  SafeText,
  Screen,
  StateBadge,
  Story,
  SubjectLine,
  useKeys,
  WriteActions,
  writeAddress,
} from '../../components/index.ts';
import { ChartNowTab } from './chart-now.tsx';
import { DraftToFinal } from './draft-to-final.tsx';
import { Findings, Group } from './findings.tsx';
import { SentAndReceived } from './sent-and-received.tsx';
import { Timeline } from './timeline.tsx';
import { WillBeWritten } from './will-be-written.tsx';
import classes from './write-screen.module.css';

const tabs = ['written', 'diff', 'exchanges', 'chart', 'findings', 'group'] as const;
type Tab = (typeof tabs)[number];

/** One write: what became of it, what it says, and what can be done. */
export function WriteScreen() {
  const { id = '' } = useParams<{ id?: string }>();
  const view = useCall('write.read', { id });
  if (view.data !== undefined) return <Loaded key={id} view={view.data} />;
  return (
    <Screen windowTitle="Write" title="Write">
      {view.error === null ? (
        <LoadingState what="this write" />
      ) : (
        <FailedState failure={view.error.failure} onRetry={() => void view.refetch()} />
      )}
    </Screen>
  );
}

function Loaded(props: { readonly view: WriteViewModel }) {
  const { view } = props;
  const { write } = view;
  const [, navigate] = useLocation();
  const [search] = useSearchParams();
  const [opened, setOpened] = useState<ActionName | null>(null);
  const [said, setSaid] = useState('');
  const tab = tabs.find((one) => one === search.get('tab')) ?? 'written';
  const open = (next: Tab): void => navigate(writeAddress(write.id, next), { replace: true });

  useKeys('Write', [
    ...tabs.map((one, at) => ({ keys: String(at + 1), does: `Tab: ${tabWords(one, view)}`, run: () => open(one) })),
    ...actionKeys(view.actions).map(({ name, keys, does }) => ({
      keys,
      does,
      run: () => (name === 'approve' ? navigate(`/approvals/${encodeURIComponent(write.id)}`) : setOpened(name)),
    })),
  ]);

  return (
    <Screen
      windowTitle="Write"
      title={
        <span className={classes.title}>
          <SafeText text={view.subject === null ? view.title : `${view.title} · ${view.subject.name}`} />
        </span>
      }
      note={<StateBadge state={write.state} verification={write.verification} code={write.code} />}
      aside={
        <>
          <Link href="/queue/open">Queue</Link>
          <CopyLink />
        </>
      }
      fill
    >
      <p className={`muted ${classes.facts ?? ''}`}>
        <SubjectLine view={view} nameless /> · <SafeText text={write.connection} /> · {write.tier} risk · write{' '}
        <span className="mono" title={write.id}>
          {write.id.slice(0, 8)}…{write.id.slice(-4)}
        </span>
        {view.group.length > 1 && <> · {view.group.length.toLocaleString()} writes of one visit</>}
        {write.late && <strong> · found in the chart after it had been given up</strong>}
      </p>
      <p role="status" className="unseen">
        {said}
      </p>
      <div className={classes.split}>
        <div className={classes.left}>
          <Timeline write={write} />
        </div>
        <div className={classes.middle}>
          <Tabs
            value={tab}
            onChange={(value) => open(tabs.find((one) => one === value) ?? 'written')}
            keepMounted={false}
            className={classes.tabs ?? ''}
          >
            <Tabs.List>
              {tabs.map((one) => (
                <Tabs.Tab key={one} value={one}>
                  {tabWords(one, view)}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            {tabs.map((one) => (
              <Tabs.Panel key={one} value={one} className={classes.panel ?? ''} tabIndex={0}>
                <TabContent tab={one} view={view} />
              </Tabs.Panel>
            ))}
          </Tabs>
        </div>
        <aside className={classes.right} aria-label="What happened and what you can do" tabIndex={0}>
          <Story view={view} />
          {write.state === 'unknown' && <LookedUp view={view} />}
          {write.waitingFor !== null && (
            <p>
              Waits for {roleWords(write.waitingFor.roles)}: <SafeText text={write.waitingFor.reason} />
            </p>
          )}
          {write.approval !== null && (
            <p className="small muted">
              Approved by <SafeText text={write.approval.name} /> as {roleWords([write.approval.role])}: “
              <SafeText text={write.approval.meaning} />”
            </p>
          )}
          <h2>You can</h2>
          <WriteActions view={view} opened={opened} onOpen={setOpened} onDone={setSaid} />
          {said !== '' && <p className={classes.said}>{said}</p>}
        </aside>
      </div>
    </Screen>
  );
}

function tabWords(tab: Tab, view: WriteViewModel): string {
  const { write } = view;
  const count = (number: number): string => (number === 0 ? '' : ` ${number.toLocaleString()}`);
  switch (tab) {
    case 'written':
      return write.state === 'committed' ? 'What was written' : 'What will be written';
    case 'diff':
      return 'Draft to final';
    case 'exchanges':
      return `Sent and received${count(write.exchanges.length)}`;
    case 'chart':
      return `Chart now${count(write.differences.length)}`;
    case 'findings':
      return `Findings${count(write.findings.length)}`;
    case 'group':
      return `Group${count(view.group.length)}`;
  }
}

function TabContent(props: { readonly tab: Tab; readonly view: WriteViewModel }) {
  const { tab, view } = props;
  switch (tab) {
    case 'written':
      return <WillBeWritten write={view.write} />;
    case 'diff':
      return <DraftToFinal id={view.write.id} />;
    case 'exchanges':
      return <SentAndReceived exchanges={view.write.exchanges} />;
    case 'chart':
      return <ChartNowTab write={view.write} />;
    case 'findings':
      return <Findings view={view} />;
    case 'group':
      return <Group view={view} />;
  }
}

/** Of an outcome nobody knows: how often the chart was looked at, and that it is not sent again meanwhile. */
function LookedUp(props: { readonly view: WriteViewModel }) {
  const { timeline, exchanges, nextAt } = props.view.write;
  const looks = timeline.filter(({ type }) => type === 'write.looked-up');
  const read = exchanges.filter(({ method }) => method === 'GET').length;
  return (
    <section className={classes.looked}>
      <h2>What has been looked for</h2>
      <p>
        {looks.length === 0
          ? 'The chart has not been looked at yet.'
          : `Countersign looked ${looks.length.toLocaleString()} times`}
        {looks.length > 0 && `, with ${read.toLocaleString()} reads of the chart; each stands under Sent and received.`}
      </p>
      <p>
        {nextAt === null ? 'It does not look by itself any more: a person has to look and attest.' : 'It looks again by itself.'}{' '}
        Until it is known, it is not sent again.
      </p>
    </section>
  );
}
