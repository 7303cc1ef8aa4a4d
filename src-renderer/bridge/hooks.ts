import {
  keepPreviousData,
  useMutation,
  type UseMutationResult,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query';
import { useCallback, useEffect, useEffectEvent, useState } from 'react';
import type { MethodName, Notice, Request, Response } from '../../src-shared/contract/index.ts';
import type { CallError } from './client.ts';
import { useClient } from './context.tsx';

export interface CallOptions {
  /** `false`: not asked yet. */
  readonly enabled?: boolean;
  /** Shows the former answer until the new one is there; for lists whose filter changes. */
  readonly keepPrevious?: boolean;
  /** Asks again this often, in milliseconds, whatever the notices say. */
  readonly everyMs?: number;
  /** How long an answer counts as fresh, in milliseconds. Default 2000; `Infinity` for what only a person asks for anew. */
  readonly staleMs?: number;
}

/** The key under which the answer to a question is kept. */
export function callKey<M extends MethodName>(method: M, request: Request<M>): readonly [M, Request<M>] {
  return [method, request];
}

/** A question to the main process, asked again when a notice says that the answer is out of date. */
export function useCall<M extends MethodName>(
  method: M,
  request: Request<M>,
  options: CallOptions = {},
): UseQueryResult<Response<M>, CallError> {
  const client = useClient();
  return useQuery<Response<M>, CallError, Response<M>, readonly [M, Request<M>]>({
    queryKey: callKey(method, request),
    queryFn: () => client.call(method, request),
    ...(options.enabled === undefined ? {} : { enabled: options.enabled }),
    ...(options.everyMs === undefined ? {} : { refetchInterval: options.everyMs }),
    ...(options.staleMs === undefined ? {} : { staleTime: options.staleMs }),
    ...(options.keepPrevious === true ? { placeholderData: keepPreviousData } : {}),
  });
}

/** Something a person does. After it, everything that shows the ledger is asked for again. */
export function useAct<M extends MethodName>(method: M): UseMutationResult<Response<M>, CallError, Request<M>> {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation<Response<M>, CallError, Request<M>>({
    mutationFn: (request) => client.call(method, request),
    onSettled: () => {
      void queries.invalidateQueries({
        predicate: ({ queryKey: [asked] }) => asked !== 'write.texts' && asked !== 'write.chart-now',
      });
    },
  });
}

/** Calls back with every notice while the component is there. */
export function useNotice(listener: (notice: Notice) => void): void {
  const client = useClient();
  const heard = useEffectEvent(listener);
  useEffect(() => client.onNotice((notice) => heard(notice)), [client]);
}

/** Whether the main process can be reached. */
export function useLink(): boolean {
  const client = useClient();
  const [up, setUp] = useState(true);
  useEffect(() => client.onLink(setUp), [client]);
  return up;
}

/** Forgets every answer that took a session to get: clinical text must not outlive it in memory. */
export function useForget(): () => void {
  const queries = useQueryClient();
  return useCallback(
    () => queries.removeQueries({ predicate: ({ queryKey: [asked] }) => !String(asked).startsWith('session.') }),
    [queries],
  );
}
