import { Button } from '@mantine/core';
import { useMemo } from 'react';
import type { ChartNow, DifferenceView, WriteDetail } from '../../../src-shared/contract/index.ts';
import { readable } from '../../../src-shared/fhir/index.ts';
import { useCall } from '../../bridge/index.ts';
import { At, EmptyState, ExactText, FailedState, LoadingState, ReadableView, SafeText } from '../../components/index.ts';
import classes from './parts.module.css';

const kinds: Readonly<Record<DifferenceView['kind'], string>> = {
  missing: 'not in the chart',
  changed: 'other value in the chart',
  added: 'only in the chart',
  precision: 'written with other digits',
};

/** What the chart holds at this moment, read when the person asks for it. */
export function ChartNowTab(props: { readonly write: WriteDetail }) {
  const { id, differences, follow } = props.write;
  const chart = useCall('write.chart-now', { id }, { enabled: false, staleMs: Infinity });
  return (
    <div className={classes.part}>
      <p className={classes.line}>
        <Button onClick={() => void chart.refetch()} loading={chart.isFetching}>
          {chart.data === undefined ? 'Read the chart now' : 'Read the chart again'}
        </Button>
        <span className="small muted">Reading changes nothing in the chart. That you looked is on record.</span>
      </p>
      <div aria-live="polite" className={classes.part}>
        {chart.isFetching && <LoadingState what="the chart" />}
        {chart.error !== null && !chart.isFetching && (
          <FailedState failure={chart.error.failure} onRetry={() => void chart.refetch()} />
        )}
        {chart.data !== undefined && <Read chart={chart.data} />}
        {chart.data === undefined && chart.error === null && !chart.isFetching && differences.length > 0 && (
          <section className={classes.part}>
            <h3>Differences when it was last read back</h3>
            <Differences differences={differences} />
          </section>
        )}
        {follow !== null && <LaterLooks follow={follow} />}
      </div>
    </div>
  );
}

const driftWords = {
  changed: 'It was changed in the chart after it was written.',
  touched: 'It has a newer version in the chart; everything that was sent still stands there.',
  'entered-in-error': 'It was marked as entered in error in the chart.',
  deleted: 'It is no longer in the chart.',
} as const;

/** What became of the entry after it was written, as the last look by itself showed it. */
function LaterLooks(props: { readonly follow: NonNullable<WriteDetail['follow']> }) {
  const { at, nextAt, drift, awaited } = props.follow;
  return (
    <section className={classes.part}>
      <h3>Looked at again by itself</h3>
      <p>
        Last <At at={at} />
        {nextAt !== null && (
          <>
            , next <At at={nextAt} />
          </>
        )}
        . {drift === null ? 'It stands as it was written.' : driftWords[drift.kind]}
        {drift !== null && drift.by !== null && (
          <>
            {' '}
            By <SafeText text={drift.by} />.
          </>
        )}
      </p>
      {awaited !== null && (
        <p>
          Expected there: <SafeText text={awaited.element} />, now <SafeText text={awaited.value ?? 'not set'} />,{' '}
          {awaited.result === 'done' ? 'done.' : awaited.result === 'overdue' ? 'overdue.' : 'still open.'}
        </p>
      )}
      {drift !== null && drift.differences.length > 0 && <Differences differences={drift.differences} />}
    </section>
  );
}

function Read(props: { readonly chart: ChartNow }) {
  const { chart } = props;
  if (chart.outcome !== 'read') {
    return (
      <EmptyState title={chart.outcome === 'nothing' ? 'Nothing is there.' : 'The chart could not be read.'}>
        <SafeText text={chart.words} /> (<At at={chart.readAt} />)
      </EmptyState>
    );
  }
  return <Found chart={chart} />;
}

function Found(props: { readonly chart: Extract<ChartNow, { outcome: 'read' }> }) {
  const { chart } = props;
  const read = useMemo(() => readable(chart.body), [chart.body]);
  const { compared, differences } = chart;
  return (
    <>
      <p>
        <strong>
          <SafeText text={chart.reference} />
        </strong>
        {chart.versionId !== null && (
          <>
            , version <SafeText text={chart.versionId} />
          </>
        )}
        , read <At at={chart.readAt} />.{' '}
        {compared === null
          ? 'Nothing has been sent to compare it with.'
          : differences.length === 0
            ? `All ${compared.toLocaleString()} fields that were sent are there as they were sent.`
            : `${differences.length.toLocaleString()} of ${compared.toLocaleString()} fields differ.`}
      </p>
      {differences.length > 0 && <Differences differences={differences} />}
      <ReadableView readable={read} />
      <section className={classes.part}>
        <h3>Exactly as the EHR gave it</h3>
        <ExactText text={chart.body} label="the chart entry" />
      </section>
    </>
  );
}

/** Field by field, what was sent and what is there. */
export function Differences(props: { readonly differences: readonly DifferenceView[] }) {
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label="Differences">
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">What is different</th>
            <th scope="col">Sent</th>
            <th scope="col">In the chart</th>
          </tr>
        </thead>
        <tbody>
          {props.differences.map(({ path, kind, sent, found }, at) => (
            <tr key={`${path} ${at}`}>
              <td className="mono">
                <SafeText text={path} />
              </td>
              <td>{kinds[kind]}</td>
              <td>{sent === null ? '—' : <SafeText text={sent} as="lines" />}</td>
              <td>{found === null ? '—' : <SafeText text={found} as="lines" />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
