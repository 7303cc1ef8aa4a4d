import { Button, Loader } from '@mantine/core';
import type { ReactNode } from 'react';
import type { CallFailure } from '../../src-shared/contract/index.ts';
import classes from './panel.module.css';
import { SafeText } from './safe-text.tsx';

/** There is nothing here, why that is, and what would bring something. */
export function EmptyState(props: { readonly title: string; readonly children?: ReactNode; readonly action?: ReactNode }) {
  return (
    <div className={classes.state}>
      <strong>{props.title}</strong>
      {props.children === undefined ? null : <p>{props.children}</p>}
      {props.action}
    </div>
  );
}

/** Something is being fetched. `what`: "the queue". */
export function LoadingState(props: { readonly what: string }) {
  return (
    <div className={classes.wait} role="status">
      <Loader size="xs" aria-hidden="true" />
      Loading {props.what}…
    </div>
  );
}

const chartWords = {
  unchanged: 'Nothing in any chart was changed by this.',
  'may-have-changed': 'This may have changed a chart.',
} as const satisfies Record<CallFailure['chart'], string>;

/** What a refusal says: what happened, whether the chart changed, what to do, and what finds it in the log. */
export function FailureWords(props: { readonly failure: CallFailure }) {
  const { failure } = props;
  return (
    <>
      <strong>
        <SafeText text={failure.message} />
      </strong>
      <p>{chartWords[failure.chart]}</p>
      <p>
        <SafeText text={failure.next} />
      </p>
      <p className="mono">
        {failure.code} · <SafeText text={failure.correlation} />
      </p>
    </>
  );
}

/** A failed question: the failure in words, and the same question again. */
export function FailedState(props: { readonly failure: CallFailure; readonly onRetry?: (() => void) | undefined }) {
  return (
    <div className={`${classes.state ?? ''} ${classes.failed ?? ''}`} role="alert">
      <FailureWords failure={props.failure} />
      {props.onRetry === undefined ? null : <Button onClick={props.onRetry}>Try again</Button>}
    </div>
  );
}
