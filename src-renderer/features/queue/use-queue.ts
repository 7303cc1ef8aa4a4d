import { useCallback, useEffect, useRef, useState } from 'react';
import type { QueueFilter, QueueTab } from '../../../src-shared/contract/index.ts';
import { useClient, useNotice } from '../../bridge/index.ts';
import * as rows from './rows-window.ts';

/** A list of the queue as it is looked at: what has been read of it, and how to read more. */
export interface Queue {
  /** `null` until the first page is there. */
  readonly list: rows.RowsWindow | null;
  /** What the last call failed with, or `null`. */
  readonly failure: unknown;
  /** Tells which places are on the screen; what is missing there is read. */
  readonly see: (first: number, last: number) => void;
  /** Reads the list anew. Rows may move. */
  readonly reload: () => void;
}

/** Notices come in bursts; this often at most the rows on the screen are read again. */
const REFRESH_MS = 400;
/** Scrolling fast passes pages that nobody will look at. */
const SETTLE_MS = 40;
const FIRST_SCREEN = { first: 0, last: 60 };

/**
 * Follows one list. After a notice the rows on the screen change in place; the list as a whole is read anew at once when
 * `isHeld` says that nobody points into it, and otherwise when the person asks for it.
 */
export function useQueue(tab: QueueTab, filter: QueueFilter, isHeld: () => boolean): Queue {
  const client = useClient();
  const key = JSON.stringify([tab, filter]);
  const [state, setState] = useState<{ key: string; list: rows.RowsWindow | null; failure: unknown }>({
    key,
    list: null,
    failure: null,
  });
  const current = useRef({ list: state.list, generation: 0, inFlight: new Set<number>(), seen: FIRST_SCREEN });
  const list = state.key === key ? state.list : null;
  current.current.list = list;

  const request = useRef({ tab, filter });
  request.current = { tab, filter };

  const readPage = useCallback(
    (page: number) => client.call('queue.page', { ...request.current, from: page * rows.pageRows, count: rows.pageRows }),
    [client],
  );

  const change = useCallback(
    (with_: (list: rows.RowsWindow) => rows.RowsWindow) => {
      setState((before) => (before.key === key && before.list !== null ? { ...before, list: with_(before.list) } : before));
    },
    [key],
  );

  const reload = useCallback(() => {
    const own = ++current.current.generation;
    current.current.inFlight.clear();
    const { first, last } = current.current.seen;
    const from = Math.floor(first / rows.pageRows);
    const pages = Array.from({ length: Math.floor(last / rows.pageRows) - from + 1 }, (_, at) => from + at);
    Promise.all(pages.map(readPage)).then(
      ([page, ...more]) => {
        if (own !== current.current.generation || page === undefined) return;
        setState({ key, list: more.reduce(rows.withPage, rows.windowOf(page)), failure: null });
      },
      (failure: unknown) => {
        if (own === current.current.generation) setState((before) => ({ ...before, key, failure }));
      },
    );
  }, [key, readPage]);

  const again = useRef<() => void>(() => undefined);
  const readMissing = useCallback(() => {
    const { list: known, seen, inFlight, generation } = current.current;
    if (known === null) return;
    // Whoever drags through a long list passes more places than can be read: what is asked for next is what is on the
    // screen then, not all that was on it meanwhile.
    if (inFlight.size > 0) return;
    for (const page of rows.missingPages(known, seen.first, seen.last)) {
      inFlight.add(page);
      readPage(page).then(
        (answer) => {
          if (generation !== current.current.generation) return;
          inFlight.delete(page);
          change((before) => rows.withPage(before, answer));
          again.current();
        },
        (failure: unknown) => {
          if (generation !== current.current.generation) return;
          inFlight.delete(page);
          setState((before) => ({ ...before, failure }));
        },
      );
    }
  }, [readPage, change]);
  // After a page is there and drawn, the places on the screen may be others.
  again.current = () => setTimeout(readMissing, 0);

  const settle = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const see = useCallback(
    (first: number, last: number) => {
      current.current.seen = { first: Math.max(0, first), last: Math.max(0, last) };
      clearTimeout(settle.current);
      settle.current = setTimeout(readMissing, SETTLE_MS);
    },
    [readMissing],
  );

  useEffect(() => {
    current.current.seen = FIRST_SCREEN;
    reload();
    return () => clearTimeout(settle.current);
  }, [reload]);

  const waiting = useRef<{ timer: ReturnType<typeof setTimeout> | undefined; writes: readonly string[] | null }>({
    timer: undefined,
    writes: [],
  });
  useNotice((notice) => {
    if (notice.kind !== 'ledger') return;
    const gathered = waiting.current;
    gathered.writes = gathered.writes === null || notice.writes === null ? null : [...gathered.writes, ...notice.writes];
    change((before) => rows.afterNotice(before, notice.writes));
    gathered.timer ??= setTimeout(refresh, REFRESH_MS);
  });
  useEffect(() => () => clearTimeout(waiting.current.timer), []);

  function refresh(): void {
    const named = waiting.current.writes;
    waiting.current = { timer: undefined, writes: [] };
    const { list: known, seen, generation } = current.current;
    if (known === null || !isHeld()) {
      reload();
      return;
    }
    const ids = rows.idsToRefresh(known, seen.first, seen.last, named);
    if (ids.length === 0) return;
    client.call('queue.rows', { ids: [...ids] }).then(
      (answer) => {
        if (generation === current.current.generation) change((before) => rows.refreshed(before, answer.rows));
      },
      (failure: unknown) => setState((before) => ({ ...before, failure })),
    );
  }

  return { list, failure: state.key === key ? state.failure : null, see, reload };
}
