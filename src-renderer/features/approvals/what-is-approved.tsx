import type { UseQueryResult } from '@tanstack/react-query';
import { Button } from '@mantine/core';
import { useMemo } from 'react';
import type { ChartNow, WriteViewModel } from '../../../src-shared/contract/index.ts';
import { readable } from '../../../src-shared/fhir/index.ts';
import type { CallError } from '../../bridge/index.ts';
import {
  At,
  Evidence,
  ExactRequest,
  FailedState,
  fieldMarks,
  LoadingState,
  ReadableView,
  SafeText,
} from '../../components/index.ts';
import classes from './approvals.module.css';

type ChartQuery = UseQueryResult<ChartNow, CallError>;

/** The chart as it is beside what it would become, why, and the exact bytes. */
export function WhatIsApproved(props: { readonly view: WriteViewModel; readonly chart: ChartQuery }) {
  const { view, chart } = props;
  const { request, resourceType, operation } = view.write;
  const proposed = useMemo(() => (request === null ? null : readable(request.body, resourceType)), [request, resourceType]);
  const body = chart.data?.outcome === 'read' ? chart.data.body : null;
  const current = useMemo(() => (body === null ? null : readable(body)), [body]);
  const marks = useMemo(
    () => (proposed === null || current === null ? undefined : fieldMarks(proposed, current)),
    [proposed, current],
  );
  if (request === null || proposed === null) {
    return <p>No request has been prepared, so there is nothing to approve.</p>;
  }
  return (
    <>
      <div className={classes.sides}>
        <section className={classes.side}>
          <h2>
            In the chart now{' '}
            {chart.data !== undefined && (
              <span className="small muted">
                read <At at={chart.data.readAt} />
              </span>
            )}
          </h2>
          <ChartSide chart={chart} creates={operation === 'create'} />
          {current !== null && <ReadableView readable={current} />}
        </section>
        <section className={`${classes.side ?? ''} ${classes.proposed ?? ''}`}>
          <h2>What you would approve</h2>
          <p className="muted">
            {operation === 'create' ? 'A new entry' : 'A change'}: <SafeText text={proposed.title} />
          </p>
          <ReadableView readable={proposed} {...(marks === undefined ? {} : { marks })} />
        </section>
      </div>
      <section className={classes.block}>
        <h2>Why it says so</h2>
        {view.evidence.length === 0 ? (
          <p className="muted">The source names no part of the transcript as the ground for this.</p>
        ) : (
          <Evidence evidence={view.evidence} />
        )}
      </section>
      <section className={classes.block}>
        <h2>Exactly this will be sent</h2>
        <ExactRequest request={request} />
      </section>
    </>
  );
}

function ChartSide(props: { readonly chart: ChartQuery; readonly creates: boolean }) {
  const { chart, creates } = props;
  const again = (
    <p>
      <Button size="compact-sm" onClick={() => void chart.refetch()} loading={chart.isFetching}>
        Read again
      </Button>
    </p>
  );
  if (chart.data === undefined) {
    if (chart.error !== null && !chart.isFetching)
      return <FailedState failure={chart.error.failure} onRetry={() => void chart.refetch()} />;
    return <LoadingState what="the chart" />;
  }
  if (chart.data.outcome === 'read') {
    return (
      <>
        <p className="muted">
          <SafeText text={chart.data.reference} />
          {chart.data.versionId !== null && <SafeText text={`, version ${chart.data.versionId}`} />}
        </p>
        {again}
      </>
    );
  }
  return (
    <>
      <p>
        {chart.data.outcome === 'nothing' && creates && <strong>Nothing is there yet: this makes a new entry. </strong>}
        {chart.data.outcome === 'failed' && <strong>The chart could not be read, so you cannot compare. </strong>}
        <SafeText text={chart.data.words} />
      </p>
      {again}
    </>
  );
}
