import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createContext, type ReactNode, use, useEffect, useState } from 'react';
import type { MethodName, Notice } from '../../src-shared/contract/index.ts';
import { CallError, type Client } from './client.ts';
import { gather, outdates } from './refresh.ts';

const ClientContext = createContext<Client | null>(null);

/** The client of this window. */
export function useClient(): Client {
  const client = use(ClientContext);
  if (client === null) throw new Error('No BridgeProvider around this.');
  return client;
}

/** Called with failures that say the session is no longer open, whichever question met them. */
export type SessionEnd = (code: 'session-locked' | 'not-signed-in') => void;

function createQueryClient(sessionEnded: SessionEnd): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (!(error instanceof CallError)) return;
        const { code } = error.failure;
        if (code === 'session-locked' || code === 'not-signed-in') sessionEnded(code);
      },
    }),
    defaultOptions: {
      // The main process is on this machine: whether there is a network is nothing to wait for.
      queries: {
        networkMode: 'always',
        staleTime: 2_000,
        gcTime: 60_000,
        retry: (count, error) => count < 2 && error instanceof CallError && error.failure.code === 'unreachable',
      },
      // What a person typed, a secret above all, is not kept once it has been used.
      mutations: { networkMode: 'always', retry: false, gcTime: 0 },
    },
  });
}

/** Ledgers under load tell of every entry; asking again more often than this would only flicker. */
const REFRESH_MS = 400;

function keepFresh(client: Client, queries: QueryClient): () => void {
  let waiting: readonly Notice[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;
  const refresh = (): void => {
    timer = null;
    const now = waiting;
    waiting = [];
    void queries.invalidateQueries({
      predicate: ({ queryKey: [method, request] }) => now.some((notice) => outdates(notice, method as MethodName, request)),
    });
  };
  const endNotices = client.onNotice((notice) => {
    waiting = gather(waiting, notice);
    timer ??= setTimeout(refresh, REFRESH_MS);
  });
  const endLink = client.onLink((up) => {
    if (up) void queries.invalidateQueries();
  });
  return () => {
    endNotices();
    endLink();
    if (timer !== null) clearTimeout(timer);
  };
}

/** Gives everything inside the client, and keeps answers fresh as notices come. */
export function BridgeProvider(props: {
  readonly client: Client;
  readonly onSessionEnd: SessionEnd;
  readonly children: ReactNode;
}) {
  const { client, onSessionEnd } = props;
  const [queries] = useState(() => createQueryClient(onSessionEnd));
  useEffect(() => keepFresh(client, queries), [client, queries]);
  return (
    <ClientContext value={client}>
      <QueryClientProvider client={queries}>{props.children}</QueryClientProvider>
    </ClientContext>
  );
}
