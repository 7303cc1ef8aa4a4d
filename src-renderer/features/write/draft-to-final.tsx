import { Button, SegmentedControl } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import { useCall } from '../../bridge/index.ts';
import { Answer, EmptyState, LongText, SafeText } from '../../components/index.ts';
import type { WriteTexts } from '../../../src-shared/contract/index.ts';
import classes from './parts.module.css';
import { textDiff, type DiffRow, type Piece, type TextDiff } from './text-diff.ts';

/** Longer texts are compared only when asked for: it takes seconds. */
const AT_ONCE_CHARS = 600_000;
/** More lines than this are drawn only where they are seen. */
const ROWS_WHOLE = 300;

/** The model's draft against the text a person approved. */
export function DraftToFinal(props: { readonly id: string }) {
  const texts = useCall('write.texts', { id: props.id }, { staleMs: Infinity });
  return (
    <Answer query={texts} what="the texts">
      {(value) => <Texts texts={value} />}
    </Answer>
  );
}

function Texts(props: { readonly texts: WriteTexts }) {
  const { draft, final, finalBy, transcript } = props.texts;
  return (
    <div className={classes.part}>
      {draft === null && final === null && (
        <EmptyState title="There is no text to compare.">
          The source gave neither a draft nor a final text for this write. What will be written stands in the first tab.
        </EmptyState>
      )}
      {draft !== null && final !== null && (
        <Comparison before={draft.text} after={final} beforeName={draftName(draft.model)} afterName={finalName(finalBy)} />
      )}
      {draft !== null && final === null && <Single title={draftName(draft.model)} text={draft.text} />}
      {draft === null && final !== null && (
        <>
          <p className="muted">The source gave no draft, so there is nothing to compare with.</p>
          <Single title={finalName(finalBy)} text={final} />
        </>
      )}
      {transcript !== null && <Single title="Transcript of the visit" text={transcript} />}
    </div>
  );
}

function draftName(model: string | null): string {
  return model === null ? 'Draft' : `Draft by ${model}`;
}

function finalName(by: string | null): string {
  return by === null ? 'Final' : `Final by ${by}`;
}

function Single(props: { readonly title: string; readonly text: string }) {
  return (
    <section className={classes.part}>
      <h3 className={classes.asIs}>
        <SafeText text={props.title} />
      </h3>
      <LongText text={props.text} label={props.title} />
    </section>
  );
}

function Comparison(props: {
  readonly before: string;
  readonly after: string;
  readonly beforeName: string;
  readonly afterName: string;
}) {
  const { before, after, beforeName, afterName } = props;
  const [asked, setAsked] = useState(false);
  const [view, setView] = useState<'side' | 'inline'>('side');
  const wait = before.length + after.length > AT_ONCE_CHARS && !asked;
  const diff = useMemo(() => (wait ? null : textDiff(before, after)), [wait, before, after]);
  if (wait || diff === null) {
    return (
      <>
        {wait ? (
          <p>
            The texts are very long ({(before.length + after.length).toLocaleString()} characters).{' '}
            <Button size="compact-sm" onClick={() => setAsked(true)}>
              Compare them word by word
            </Button>
          </p>
        ) : (
          <p>The two texts differ too much to compare word by word. Both are shown whole.</p>
        )}
        <div className={classes.sides}>
          <Single title={beforeName} text={before} />
          <Single title={afterName} text={after} />
        </div>
      </>
    );
  }
  return (
    <>
      <div className={classes.diffHead}>
        <p role="status">
          {diff.changes === 0
            ? 'The two texts are the same.'
            : `${diff.changes.toLocaleString()} ${diff.changes === 1 ? 'change' : 'changes'} from draft to final.`}
        </p>
        <SegmentedControl
          size="xs"
          aria-label="How to show the changes"
          value={view}
          onChange={(value) => setView(value === 'inline' ? 'inline' : 'side')}
          data={[
            { value: 'side', label: 'Side by side' },
            { value: 'inline', label: 'In one column' },
          ]}
        />
      </div>
      {view === 'side' && (
        <div className={classes.sides}>
          <h3 className={classes.asIs}>
            <SafeText text={beforeName} />
          </h3>
          <h3 className={classes.asIs}>
            <SafeText text={`${afterName}, ${diff.changes.toLocaleString()} changes`} />
          </h3>
        </div>
      )}
      <Rows diff={diff} view={view} />
    </>
  );
}

function Rows(props: { readonly diff: TextDiff; readonly view: 'side' | 'inline' }) {
  const { diff, view } = props;
  const Row = view === 'side' ? SideRow : InlineRow;
  if (diff.rows.length <= ROWS_WHOLE) {
    return (
      <div className={`clinical ${classes.diff ?? ''}`}>
        {diff.rows.map((row, at) => (
          <Row key={at} row={row} />
        ))}
      </div>
    );
  }
  return <ManyRows key={view} diff={diff} Row={Row} />;
}

function ManyRows(props: { readonly diff: TextDiff; readonly Row: (props: { readonly row: DiffRow }) => React.ReactNode }) {
  const { diff, Row } = props;
  const frame = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: diff.rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => 48,
    overscan: 6,
  });
  return (
    <div
      ref={frame}
      className={`clinical ${classes.frame ?? ''}`}
      tabIndex={0}
      role="region"
      aria-label="Changes from draft to final"
    >
      <div style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const row = diff.rows[index];
          if (row === undefined) return null;
          return (
            <div
              key={index}
              ref={virtualizer.measureElement}
              data-index={index}
              style={{ position: 'absolute', inset: '0 0 auto', transform: `translateY(${start}px)` }}
            >
              <Row row={row} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function SideRow(props: { readonly row: DiffRow }) {
  const { row } = props;
  return (
    <div className={classes.pair}>
      <div>{row.before !== null && <Pieces pieces={row.before} as="del" />}</div>
      <div>{row.after !== null && <Pieces pieces={row.after} as="ins" />}</div>
    </div>
  );
}

function InlineRow(props: { readonly row: DiffRow }) {
  const { row } = props;
  return (
    <div className={classes.inline}>
      {row.before !== null && !row.same && (
        <div>
          <Pieces pieces={row.before} as="del" />
        </div>
      )}
      {row.after !== null && (
        <div>
          <Pieces pieces={row.after} as="ins" />
        </div>
      )}
    </div>
  );
}

/** Pieces of a line; what changed is said in words to those who cannot see the mark. */
function Pieces(props: { readonly pieces: readonly Piece[]; readonly as: 'ins' | 'del' }) {
  const { pieces, as: Mark } = props;
  return (
    <>
      {pieces.map((piece, at) =>
        piece.changed ? (
          <Mark key={at}>
            <span className="unseen">{Mark === 'ins' ? ' inserted: ' : ' removed: '}</span>
            <SafeText text={piece.text} as="lines" />
            <span className="unseen"> end </span>
          </Mark>
        ) : (
          <SafeText key={at} text={piece.text} as="lines" />
        ),
      )}
    </>
  );
}
