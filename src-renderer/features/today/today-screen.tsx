import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Today } from '../../../src-shared/contract/index.ts';
import { useCall } from '../../bridge/index.ts';
import { Age, Answer, At, Badge, EmptyState, Panel, SafeText, Screen, stateWords } from '../../components/index.ts';
import { AttentionList } from './attention-list.tsx';
import { causeAddress, connectionCounts, shareWords } from './today-words.ts';
import classes from './today.module.css';

function Figure(props: { readonly title: string; readonly value: ReactNode; readonly children: ReactNode }) {
  return (
    <section className={classes.figure} aria-label={props.title}>
      <h3 aria-hidden="true">{props.title}</h3>
      <p className={classes.big}>{props.value}</p>
      <p className="muted small">{props.children}</p>
    </section>
  );
}

function Figures(props: { readonly today: Today }) {
  const { completion, oldestUnknownAt, unknown, awaiting, oldestUnsentAt, unsent } = props.today;
  const count = (value: number): string => value.toLocaleString();
  return (
    <div className={classes.figures}>
      <Figure title="Safe completion" value={shareWords(completion)}>
        {completion.all === 0
          ? 'Nothing has been taken in during this time.'
          : `${count(completion.safe)} of ${count(completion.all)} writes taken in ended approved, charted, verified`}
      </Figure>
      <Figure title="Oldest unknown outcome" value={oldestUnknownAt === null ? 'None' : <Age at={oldestUnknownAt} />}>
        {unknown === 0
          ? 'Of every write it is known whether it is in the chart.'
          : `${count(unknown)} ${unknown === 1 ? 'write' : 'writes'} · each is looked up, none is sent again`}
      </Figure>
      <Figure title="Waiting for approval" value={count(awaiting.count)}>
        {awaiting.oldestAt === null ? (
          'Nobody has to decide anything.'
        ) : (
          <>
            oldest <Age at={awaiting.oldestAt} /> · {count(awaiting.high)} high risk
          </>
        )}
      </Figure>
      <Figure title="Oldest unsent write" value={oldestUnsentAt === null ? 'None' : <Age at={oldestUnsentAt} />}>
        {unsent === 0 ? 'Everything that may go out has gone out.' : `${count(unsent)} taken in and not sent yet`}
      </Figure>
    </div>
  );
}

function Causes(props: { readonly today: Today }) {
  const { pulledDownBy, completion } = props.today;
  if (pulledDownBy.length === 0) {
    return (
      <EmptyState title={completion.all === 0 ? 'Nothing to count yet' : 'Nothing'}>
        {completion.all === 0
          ? 'Figures appear when the first record has been taken in.'
          : 'Every write of this time is charted and verified.'}
      </EmptyState>
    );
  }
  const most = Math.max(...pulledDownBy.map(({ count }) => count));
  return (
    <ul>
      {pulledDownBy.map(({ label, state, code, count }) => (
        <li key={`${state} ${code ?? ''}`} className={classes.cause}>
          <Link href={causeAddress({ state, code })}>
            <SafeText text={label} />
          </Link>
          <strong>{count.toLocaleString()}</strong>
          <span className={classes.bar} aria-hidden="true">
            <span
              data-tone={stateWords(state, state === 'committed' && code !== null ? 'partial' : null, code).tone}
              style={{ width: `${String((count / most) * 100)}%` }}
            />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Connections(props: { readonly connections: Today['connections'] }) {
  if (props.connections.length === 0) {
    return (
      <EmptyState title="No connection yet">
        Nothing can be charted before an EHR is connected. See <Link href="/connections">Connections</Link>.
      </EmptyState>
    );
  }
  return (
    <ul>
      {props.connections.map(({ name, environment, stage, counts }) => {
        const { charted, underway, open } = connectionCounts(counts);
        return (
          <li key={name} className={classes.connection}>
            <strong>
              <SafeText text={name} as="line" />
            </strong>
            <Badge
              tone={open > 0 ? 'warn' : 'ok'}
              sign={open > 0 ? '!' : '✓'}
              word={open > 0 ? `${open.toLocaleString()} open` : 'nothing open'}
            />
            <span className="muted small num" title={`${environment}, ${stage.replaceAll('-', ' ')}`}>
              {charted.toLocaleString()} charted · {underway.toLocaleString()} on the way
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** What needs a person now, in the order of danger, and how the day goes. */
export function TodayScreen() {
  const today = useCall('today.read', {});
  const since = today.data?.since;
  return (
    <Screen
      windowTitle="Today"
      title="Today"
      note={new Date().toLocaleDateString(undefined, { weekday: 'long', day: 'numeric', month: 'long' })}
      aside={
        since === undefined ? undefined : (
          <span className="muted small">
            counted since <At at={since} />
          </span>
        )
      }
    >
      <Answer query={today} what="today">
        {(value) => (
          <>
            <Figures today={value} />
            <div className={classes.columns}>
              <Panel title="Needs a person, most dangerous first">
                {value.needsPerson.length === 0 ? (
                  <EmptyState title="Nothing needs you now">
                    Approved writes go out by themselves. What cannot be settled without a person appears here.
                  </EmptyState>
                ) : (
                  <AttentionList needs={value.needsPerson} />
                )}
              </Panel>
              <div className={classes.side}>
                <Panel title="What pulls safe completion down">
                  <Causes today={value} />
                </Panel>
                <Panel title="Connections">
                  <Connections connections={value.connections} />
                </Panel>
              </div>
            </div>
          </>
        )}
      </Answer>
    </Screen>
  );
}
