import { Button } from '@mantine/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Link, useLocation, useParams, useSearch } from 'wouter';
import { type QueueFilter, type QueueTab, queueTabs } from '../../../src-shared/contract/index.ts';
import { CallError, useCall } from '../../bridge/index.ts';
import {
  CopyLink,
  EmptyState,
  FailedState,
  KeyHint,
  LoadingState,
  Screen,
  useKeys,
  writeAddress,
} from '../../components/index.ts';
import { usePrivacy } from '../../stores/index.ts';
import { FilterBar } from './filter-bar.tsx';
import { addressOf, filterOf, tabOf } from './queue-address.ts';
import { QueueDetail } from './queue-detail.tsx';
import classes from './queue-screen.module.css';
import { QueueTable } from './queue-table.tsx';
import * as rows from './rows-window.ts';
import { useQueue } from './use-queue.ts';

const tabWords: Readonly<Record<QueueTab, string>> = {
  pending: 'Pending',
  open: 'Failed and open',
  committed: 'Committed',
  all: 'All',
};
const tabCounts = { pending: 'pending', open: 'open', committed: 'committed', all: 'all' } as const;

const emptyWords: Readonly<Record<QueueTab, readonly [title: string, more: string]>> = {
  pending: ['Nothing waits to be sent.', 'Approved writes stand here until they are in the chart.'],
  open: ['Nothing is open.', 'Writes that failed, or that wait for somebody, stand here.'],
  committed: ['Nothing has been charted yet.', 'Writes that the EHR took stand here, verified or not.'],
  all: ['There are no writes yet.', 'They come in with `countersign ingest` or from a connected source.'],
};

/** Pending, failed, committed: every write there is, as one list that a million rows fit into. */
export function QueueScreen() {
  const { tab: named } = useParams<{ tab?: string }>();
  const search = useSearch();
  const tab = tabOf(named);
  const filter = filterOf(search);
  return <Lists key={`${tab} ${JSON.stringify(filter)}`} tab={tab} filter={filter} />;
}

function Lists(props: { readonly tab: QueueTab; readonly filter: QueueFilter }) {
  const { tab, filter } = props;
  const [, navigate] = useLocation();
  const frame = useCall('frame.read', {});
  const { masked, toggle } = usePrivacy();
  const [adding, setAdding] = useState(false);
  const [said, setSaid] = useState('');
  const grid = useRef<HTMLDivElement>(null);
  const isHeld = useCallback(
    () => grid.current !== null && (grid.current.matches(':hover') || grid.current.contains(document.activeElement)),
    [],
  );
  const queue = useQueue(tab, filter, isHeld);
  const { list, reload } = queue;

  const [active, setActive] = useState<Active>({ position: 0, id: null, turn: 0 });
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const position = activePosition(list, active);
  const found = list === null ? undefined : rows.rowAt(list, position);
  // The page that the row in focus stood on may have been let go after much scrolling; its write is still looked at.
  const lastFound = useRef(found);
  if (found !== undefined) lastFound.current = found;
  const row = found ?? (lastFound.current?.id === active.id ? lastFound.current : undefined);

  // Rows are drawn anew only when they change, so what they call stays the same whatever the list becomes.
  const latest = useRef(list);
  latest.current = list;
  const idAt = useCallback((at: number) => (latest.current === null ? undefined : rows.rowAt(latest.current, at)?.id), []);
  const activate = useCallback(
    (at: number) => {
      setActive((before) =>
        before.position === at && before.id === idAt(at) ? before : { ...before, position: at, id: idAt(at) ?? null },
      );
    },
    [idAt],
  );
  const stepTo = useCallback(
    (at: number) => setActive(({ turn }) => ({ position: at, id: idAt(at) ?? null, turn: turn + 1 })),
    [idAt],
  );
  // The row under the focus is known by its id as soon as it has been read, so that it is found again after a reload.
  useEffect(() => {
    if (row !== undefined && active.id === null) setActive((before) => ({ ...before, position, id: row.id }));
  }, [row, active.id, position]);
  const toggleAt = useCallback(
    (at: number) => {
      const id = idAt(at);
      if (id !== undefined) setSelected((before) => toggled(before, id));
    },
    [idAt],
  );
  const open = useCallback(
    (at: number) => {
      const id = idAt(at);
      if (id !== undefined) navigate(writeAddress(id));
    },
    [idAt, navigate],
  );
  const show = useCallback(() => {
    reload();
    setSaid('The list is shown as it is now.');
  }, [reload]);
  const step = (by: number): void => {
    if (list !== null && list.total > 0) stepTo(Math.max(0, Math.min(list.total - 1, position + by)));
  };
  useKeys('Queue', [
    { keys: 'j', does: 'Next row', run: () => step(1) },
    { keys: 'k', does: 'Row before', run: () => step(-1) },
    { keys: 'Enter', does: 'Open this write', run: () => open(position) },
    { keys: 'x', does: 'Select the row', run: () => toggleAt(position) },
    { keys: 'f', does: 'Add a filter', run: () => setAdding(true) },
    { keys: 'r', does: 'Show the list as it is now', run: show },
    { keys: 'v', does: 'Hide or show patients’ names', run: toggle },
  ]);

  const setFilter = (next: QueueFilter): void => navigate(addressOf(tab, next));
  const filtered = Object.keys(filter).length > 0;
  return (
    <Screen
      windowTitle="Queue"
      title="Queue"
      note="what waits, what went wrong, what is in the chart"
      aside={
        <>
          <Button onClick={toggle} aria-pressed={masked} rightSection={<KeyHint keys="v" />}>
            Hide names
          </Button>
          <CopyLink />
        </>
      }
      fill
    >
      <nav aria-label="Lists of the queue" className={classes.tabs}>
        {queueTabs.map((one) => (
          <Link key={one} href={addressOf(one, filter)} aria-current={one === tab ? 'page' : undefined}>
            {tabWords[one]}
            {frame.data !== undefined && <span> {frame.data.counts[tabCounts[one]].toLocaleString()}</span>}
          </Link>
        ))}
      </nav>
      <div className={classes.bar}>
        <FilterBar filter={filter} adding={adding} onAdding={setAdding} onFilter={setFilter} />
        <Behind list={list} onShow={show} />
        <span className={classes.order}>
          {filtered && list !== null && `${list.total.toLocaleString()} found · `}
          {tab === 'open' ? 'Grouped by cause, most dangerous first' : 'Newest first'} <KeyHint keys="?" />
        </span>
      </div>
      <Selection selected={selected} onClear={() => setSelected(new Set())} />
      <p role="status" className="unseen">
        {said}
      </p>
      <div className={classes.split} data-detail={row !== undefined || undefined}>
        <div className={classes.table}>
          {queue.failure !== null && <Failure failure={queue.failure} onRetry={reload} />}
          {list === null && queue.failure === null && <LoadingState what="the queue" />}
          {list !== null && list.total === 0 && (
            <EmptyState
              title={filtered ? 'No write matches these filters.' : emptyWords[tab][0]}
              action={filtered && <Button onClick={() => setFilter({})}>Remove all filters</Button>}
            >
              {filtered ? 'The counts above are of the whole queue.' : emptyWords[tab][1]}
            </EmptyState>
          )}
          {list !== null && list.total > 0 && (
            <QueueTable
              list={list}
              label={`${tabWords[tab]}: ${list.total.toLocaleString()} writes`}
              active={position}
              turn={active.turn}
              selected={selected}
              masked={masked}
              onActive={activate}
              onStep={stepTo}
              onToggle={toggleAt}
              onOpen={open}
              onSee={queue.see}
              grid={grid}
            />
          )}
        </div>
        {row !== undefined && <QueueDetail row={row} masked={masked} onDone={setSaid} />}
      </div>
    </Screen>
  );
}

/** The row with the focus: its place when it got it, its id once it has been read, and how often the keyboard moved it. */
interface Active {
  readonly position: number;
  readonly id: string | null;
  readonly turn: number;
}

/** Where the active row stands now: by its id when it has been read, else where it stood. */
function activePosition(list: rows.RowsWindow | null, active: Active): number {
  if (list === null) return 0;
  const known = active.id === null ? undefined : rows.positionOf(list, active.id);
  return known ?? Math.max(0, Math.min(list.total - 1, active.position));
}

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}

function Behind(props: { readonly list: rows.RowsWindow | null; readonly onShow: () => void }) {
  const { list } = props;
  if (list === null || !rows.isBehind(list)) return null;
  const count = list.moved.size;
  const words =
    list.stale || count === 0 ? 'The list has changed' : `${count.toLocaleString()} ${count === 1 ? 'change' : 'changes'}`;
  return (
    <Button size="compact-sm" onClick={props.onShow} rightSection={<KeyHint keys="r" />}>
      {words}: show {count === 1 && !list.stale ? 'it' : 'them'}
    </Button>
  );
}

function Selection(props: { readonly selected: ReadonlySet<string>; readonly onClear: () => void }) {
  const { selected } = props;
  const [copied, setCopied] = useState(false);
  if (selected.size === 0) return null;
  const copy = (): void => {
    const links = [...selected].map((id) => `#${writeAddress(id)}`).join('\n');
    navigator.clipboard.writeText(links).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <div className={classes.selection}>
      <span role="status">{selected.size.toLocaleString()} selected</span>
      <Button size="compact-sm" onClick={copy}>
        {copied ? 'Copied' : 'Copy their links'}
      </Button>
      <Button size="compact-sm" onClick={props.onClear}>
        Select none
      </Button>
    </div>
  );
}

function Failure(props: { readonly failure: unknown; readonly onRetry: () => void }) {
  const { failure } = props;
  // Anything else is a fault of the window itself, which its own boundary shows.
  if (!(failure instanceof CallError)) throw failure;
  return <FailedState failure={failure.failure} onRetry={props.onRetry} />;
}
