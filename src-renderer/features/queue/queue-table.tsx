import { memo, useEffect, useEffectEvent, useLayoutEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import type { QueueGroup, QueueRow } from '../../../src-shared/contract/index.ts';
import { failureOf } from '../../../src-shared/domain/index.ts';
import { Age, RiskBadge, SafeText, StateBadge, useNow } from '../../components/index.ts';
import classes from './queue-table.module.css';
import { maskedName, nextWords } from './row-words.ts';
import * as rows from './rows-window.ts';
import { useLongList } from './use-scroll-space.ts';

const columns = ['Selected', 'State', 'Risk', 'Patient', 'Write', 'Connection', 'Age', 'Next', 'Tries'] as const;

export interface TableProps {
  readonly list: rows.RowsWindow;
  readonly label: string;
  /** Place of the row with the roving focus. */
  readonly active: number;
  /** Grows when the keyboard has moved it: the row then comes into sight and takes the focus. */
  readonly turn: number;
  readonly selected: ReadonlySet<string>;
  readonly masked: boolean;
  readonly onActive: (position: number) => void;
  /** The keyboard moves the focus to this place. */
  readonly onStep: (position: number) => void;
  readonly onToggle: (position: number) => void;
  readonly onOpen: (position: number) => void;
  readonly onSee: (first: number, last: number) => void;
  /** The table itself, for whoever wants to know where pointer and focus are. */
  readonly grid: RefObject<HTMLDivElement | null>;
}

/** Pixels of a row in the person's own size of letters: 36 at the usual one. */
function rowPixels(): number {
  return Math.round(Number.parseFloat(getComputedStyle(document.documentElement).fontSize) * 2.25) || 36;
}

/** One list of the queue as an ARIA grid: rows move the focus, `Enter` opens, `x` or the box selects. */
export function QueueTable(props: TableProps) {
  const { list, active, turn, selected, masked, grid, onActive, onStep, onSee } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [line] = useState(rowPixels);
  const activeLine = list.total === 0 ? null : rows.lineOfPosition(list, active);
  const long = useLongList(scroller, rows.lineCount(list), line, line, activeLine);
  const now = useNow();

  const from = rows.positionNear(list, long.first, 1);
  const to = rows.positionNear(list, long.last, -1);
  useEffect(() => onSee(from, to), [onSee, from, to, list.total]);

  // Only what the keyboard moves scrolls the list and takes the focus: neither a click nor a change in the ledger may.
  const { reveal } = long;
  const headed = activeLine !== null && activeLine > 0 && rows.lineAt(list, activeLine - 1).kind === 'group';
  const moveTo = useEffectEvent(() => {
    if (activeLine !== null) reveal(activeLine, headed ? 1 : 0);
    scroller.current?.querySelector<HTMLElement>('[role="row"][tabindex="0"]')?.focus({ preventScroll: true });
  });
  useLayoutEffect(() => {
    if (turn > 0) moveTo();
  }, [turn]);
  // After the list was read anew, the row that had the focus may stand elsewhere: the focus goes with it.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null || !element.contains(document.activeElement)) return;
    element.querySelector<HTMLElement>('[role="row"][tabindex="0"]')?.focus({ preventScroll: true });
  }, [active]);

  function onKeyDown(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: long.perScreen, PageUp: -long.perScreen }[event.key];
    const edge = { Home: 0, End: list.total - 1 }[event.key];
    const wanted = step !== undefined ? active + step : edge;
    if (wanted === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    onStep(Math.max(0, Math.min(list.total - 1, wanted)));
  }

  return (
    <div
      ref={grid}
      role="grid"
      className={classes.grid}
      aria-label={props.label}
      aria-rowcount={rows.lineCount(list) + 1}
      aria-colcount={columns.length}
      aria-multiselectable="true"
      onKeyDown={onKeyDown}
    >
      <div ref={scroller} className={classes.scroller} role="presentation">
        <div className={classes.head} role="row" aria-rowindex={1} style={{ height: line }}>
          {columns.map((name, at) => (
            <span key={name} role="columnheader" aria-colindex={at + 1} data-column={name}>
              {name === 'Selected' ? <span className="unseen">{name}</span> : name}
            </span>
          ))}
        </div>
        <div className={classes.space} role="presentation" style={{ height: long.height }}>
          {long.lines.map(({ index, top }) => {
            const item = rows.lineAt(list, index);
            const place = { transform: `translateY(${top}px)`, height: line };
            if (item.kind === 'group') return <GroupLine key={`g${item.at}`} group={item.group} index={index} style={place} />;
            const row = rows.rowAt(list, item.position);
            // By place, so that the focus stays where it is while a row comes in.
            return (
              <RowLine
                key={item.position}
                row={row}
                index={index}
                position={item.position}
                top={top}
                height={line}
                active={item.position === active}
                selected={row !== undefined && selected.has(row.id)}
                masked={masked}
                next={row === undefined ? '' : nextWords(row, now)}
                onActive={onActive}
                onToggle={props.onToggle}
                onOpen={props.onOpen}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

type Place = Readonly<Record<'transform', string> & Record<'height', number>>;

function GroupLine(props: { readonly group: QueueGroup; readonly index: number; readonly style: Place }) {
  const { group } = props;
  if (group.state === null) return null;
  const writes = `${group.count.toLocaleString()} ${group.count === 1 ? 'write' : 'writes'}`;
  return (
    <div role="row" className={classes.group} aria-rowindex={props.index + 2} style={props.style}>
      <span role="gridcell" aria-colindex={1} aria-colspan={columns.length}>
        <StateBadge
          state={group.state}
          code={group.code}
          verification={group.state === 'committed' && group.code !== null ? 'partial' : null}
        />
        <span className={classes.cause}>
          {group.code !== null && <strong>{failureOf(group.code).words}</strong>} <span className="muted">{writes}</span>
        </span>
      </span>
    </div>
  );
}

const RowLine = memo(function RowLine(props: {
  /** `undefined` while it is being read. */
  readonly row: QueueRow | undefined;
  readonly index: number;
  readonly position: number;
  readonly top: number;
  readonly height: number;
  readonly active: boolean;
  readonly selected: boolean;
  readonly masked: boolean;
  readonly next: string;
  readonly onActive: (position: number) => void;
  readonly onToggle: (position: number) => void;
  readonly onOpen: (position: number) => void;
}) {
  const { row, position, active, selected } = props;
  return (
    <div
      role="row"
      className={classes.row}
      aria-rowindex={props.index + 2}
      aria-selected={selected}
      tabIndex={active ? 0 : -1}
      data-active={active || undefined}
      aria-busy={row === undefined || undefined}
      data-id={row?.id}
      style={{ transform: `translateY(${props.top}px)`, height: props.height }}
      onClick={() => props.onActive(position)}
      onFocus={() => props.onActive(position)}
      onDoubleClick={() => props.onOpen(position)}
    >
      {row === undefined ? (
        <span role="gridcell" aria-colindex={1} aria-colspan={columns.length} className={classes.skeleton}>
          <span className="unseen">Loading</span>
        </span>
      ) : (
        <Cells row={row} selected={selected} masked={props.masked} next={props.next} onToggle={() => props.onToggle(position)} />
      )}
    </div>
  );
});

function Cells(props: {
  readonly row: QueueRow;
  readonly selected: boolean;
  readonly masked: boolean;
  readonly next: string;
  readonly onToggle: () => void;
}) {
  const { row, selected } = props;
  const patient = row.patient === null ? null : props.masked ? maskedName(row.patient) : row.patient;
  return (
    <>
      <span role="gridcell" aria-colindex={1} data-column="Selected">
        <span className={classes.box} data-on={selected || undefined} aria-hidden="true" onClick={props.onToggle}>
          {selected ? '✓' : ''}
        </span>
      </span>
      <span role="gridcell" aria-colindex={2} data-column="State">
        <StateBadge state={row.state} verification={row.verification} code={row.code} />
      </span>
      <span role="gridcell" aria-colindex={3} data-column="Risk">
        <RiskBadge tier={row.tier} />
      </span>
      <span role="gridcell" aria-colindex={4} data-column="Patient">
        {patient === null ? <span className="muted">erased</span> : <SafeText text={patient} as="line" />}
      </span>
      <span role="gridcell" aria-colindex={5} data-column="Write">
        <SafeText text={row.title} as="line" />
      </span>
      <span role="gridcell" aria-colindex={6} data-column="Connection" className="muted">
        <SafeText text={row.connection} as="line" />
      </span>
      <span role="gridcell" aria-colindex={7} data-column="Age">
        <Age at={row.createdAt} />
      </span>
      <span role="gridcell" aria-colindex={8} data-column="Next" className="muted" title={row.next ?? undefined}>
        {props.next}
      </span>
      <span role="gridcell" aria-colindex={9} data-column="Tries" className="muted">
        {row.attempts}
      </span>
    </>
  );
}
