import { Button } from '@mantine/core';
import { useId } from 'react';
import { Link } from 'wouter';
import type { ConnectionViewModel } from '../../../src-shared/contract/index.ts';
import { useAct, useCall } from '../../bridge/index.ts';
import {
  Age,
  Answer,
  Badge,
  EmptyState,
  FailedState,
  Panel,
  queueAddress,
  SafeText,
  Screen,
  StateBadge,
  type StateName,
} from '../../components/index.ts';
import { useMay } from '../../stores/index.ts';
import { environmentWord, stageMeaning } from './connection-words.ts';
import classes from './connections.module.css';
import { TestResult } from './test-result.tsx';

const environmentTone = { practice: 'info', sandbox: 'warn', production: 'bad' } as const;

function Facts(props: { readonly shown: ConnectionViewModel }) {
  const { connection, lastTest } = props.shown;
  return (
    <dl className={classes.facts}>
      <div>
        <dt>What this stage allows</dt>
        <dd>{stageMeaning[connection.stage]}</dd>
      </div>
      <div>
        <dt>Address</dt>
        <dd>
          <SafeText text={connection.baseUrl} />
        </dd>
      </div>
      <div>
        <dt>Tenants</dt>
        <dd>{connection.tenants === null ? 'every tenant' : <SafeText text={connection.tenants.join(', ')} />}</dd>
      </div>
      <div>
        <dt>Adapter and sign-in</dt>
        <dd>
          <SafeText text={connection.adapter} />, {connection.auth === 'none' ? 'no sign-in' : 'token from a file'}
        </dd>
      </div>
      <div>
        <dt>Business associate agreement</dt>
        <dd>{connection.baa === null ? 'none on record' : <SafeText text={connection.baa} />}</dd>
      </div>
      <div>
        <dt>Last test</dt>
        <dd>
          {lastTest === null ? (
            'never tested'
          ) : (
            <>
              {lastTest.ok ? '✓ ' : '× '}
              <SafeText text={lastTest.words} />, <Age at={lastTest.at} /> ago
            </>
          )}
        </dd>
      </div>
    </dl>
  );
}

function Counts(props: { readonly shown: ConnectionViewModel }) {
  const { connection, counts } = props.shown;
  const some = Object.entries(counts).filter(([, count]) => count > 0) as [StateName, number][];
  if (some.length === 0) return <p className={`${classes.counts ?? ''} muted`}>No write has gone to it yet.</p>;
  return (
    <ul className={classes.counts} aria-label="Writes by state">
      {some.map(([state, count]) => (
        <li key={state}>
          <Link href={queueAddress('all', { connection: connection.name, state })}>
            <StateBadge state={state} />
            <strong>{count.toLocaleString()}</strong>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Card(props: { readonly shown: ConnectionViewModel }) {
  const { connection } = props.shown;
  const mayTest = useMay('connection.test');
  const test = useAct('connections.test');
  const lockedId = useId();
  return (
    <Panel
      title={<SafeText text={connection.name} />}
      aside={
        <>
          <span className={classes.badges}>
            <Badge tone={environmentTone[connection.environment]} word={environmentWord[connection.environment]} />
            <Badge tone="info" word={connection.stage.replaceAll('-', ' ')} title={stageMeaning[connection.stage]} />
            {connection.active ? null : <Badge tone="warn" sign="II" word="switched off" />}
          </span>
          <span className={classes.badges}>
            {mayTest ? null : (
              <span id={lockedId} className="muted small">
                Your role may not test connections
              </span>
            )}
            <Button
              disabled={!mayTest}
              aria-describedby={mayTest ? undefined : lockedId}
              loading={test.isPending}
              onClick={() => test.mutate({ name: connection.name })}
              title="Reads what the server says about itself. Writes nothing."
            >
              Test
            </Button>
          </span>
        </>
      }
    >
      <Facts shown={props.shown} />
      <Counts shown={props.shown} />
      {test.error === null ? null : <FailedState failure={test.error.failure} />}
      {test.data === undefined ? null : <TestResult report={test.data} />}
    </Panel>
  );
}

/** The EHRs that Countersign writes to, and what each of them says it can do. */
export function ConnectionsScreen() {
  const connections = useCall('connections.list', {});
  return (
    <Screen windowTitle="Connections" title="Connections" note="the EHRs that writes go to">
      <Answer query={connections} what="the connections">
        {(value) =>
          value.connections.length === 0 ? (
            <Panel title="No connection yet">
              <EmptyState title="Writes have nowhere to go">
                Add an EHR with the command <code>countersign connection add</code>. It starts with reading only; nothing is
                written before a later stage is set.
              </EmptyState>
            </Panel>
          ) : (
            <div className={classes.cards}>
              {value.connections.map((shown) => (
                <Card key={shown.connection.name} shown={shown} />
              ))}
            </div>
          )
        }
      </Answer>
    </Screen>
  );
}
