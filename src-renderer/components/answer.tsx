import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { CallFailure } from '../../src-shared/contract/index.ts';
import { FailedState, LoadingState } from './states.tsx';

/** Shows a question's answer, or that it is on its way, or why there is none. An answer that got old stays until the new one is there. */
export function Answer<T>(props: {
  readonly query: UseQueryResult<T, Error & { readonly failure: CallFailure }>;
  /** "the queue". */
  readonly what: string;
  readonly children: (value: T) => ReactNode;
}) {
  const { query } = props;
  if (query.data !== undefined) return <>{props.children(query.data)}</>;
  if (query.error !== null) return <FailedState failure={query.error.failure} onRetry={() => void query.refetch()} />;
  return <LoadingState what={props.what} />;
}
