import { useMemo } from 'react';
import type { WriteDetail } from '../../../src-shared/contract/index.ts';
import { readable } from '../../../src-shared/fhir/index.ts';
import { EmptyState, ExactRequest, ReadableView, SafeText } from '../../components/index.ts';
import classes from './parts.module.css';
import { WithheldParts } from './withheld.tsx';

/** The request as a person reads it, and below it exactly the bytes that leave. */
export function WillBeWritten(props: { readonly write: WriteDetail }) {
  const { request, resourceType, state } = props.write;
  const read = useMemo(() => (request === null ? null : readable(request.body, resourceType)), [request, resourceType]);
  if (request === null || read === null) {
    return (
      <EmptyState title="No request has been prepared.">
        {state === 'draft' ? 'It is prepared after the checks.' : 'The checks stopped before a request was made; see Findings.'}
      </EmptyState>
    );
  }
  return (
    <div className={classes.part}>
      {read.problem === null && (
        <h2>
          <SafeText text={read.title} />
        </h2>
      )}
      <ReadableView readable={read} />
      <section className={classes.part}>
        <h3>Exactly these bytes</h3>
        <ExactRequest request={request} />
      </section>
      <WithheldParts withheld={props.write.withheld} />
    </div>
  );
}
