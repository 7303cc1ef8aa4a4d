import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { SafeText } from './safe-text.tsx';
import styles from './long-text.module.css';
import { textBlocks } from './text-blocks.ts';

/** Up to this many characters a text is drawn whole. */
const WHOLE_CHARS = 24_000;

/**
 * A text of any length, shown in full: what is long scrolls in a frame of its own, and of it only what is seen is drawn.
 *
 * @param label what it is, for people who hear it
 */
export function LongText(props: { readonly text: string; readonly label: string; readonly mono?: boolean }) {
  const { text, label, mono = false } = props;
  const className = `${styles.text} ${mono ? styles.mono : 'clinical'}`;
  if (text.length > WHOLE_CHARS) return <Frame text={text} label={label} className={className} />;
  return (
    <div className={className}>
      <SafeText text={text} as="lines" />
    </div>
  );
}

function Frame(props: { readonly text: string; readonly label: string; readonly className: string }) {
  const { text, label, className } = props;
  const blocks = useMemo(() => textBlocks(text), [text]);
  const frame = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: blocks.length,
    getScrollElement: () => frame.current,
    estimateSize: () => 400,
    overscan: 1,
  });
  return (
    <>
      <p className="small muted">{text.length.toLocaleString()} characters; scroll to read all of it.</p>
      <div ref={frame} className={`${className} ${styles.frame}`} tabIndex={0} role="region" aria-label={label}>
        <div className={styles.space} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => (
            <div
              key={index}
              ref={virtualizer.measureElement}
              data-index={index}
              className={styles.block}
              style={{ transform: `translateY(${start}px)` }}
            >
              <SafeText text={blocks[index] ?? ''} as="lines" />
            </div>
          ))}
        </div>
      </div>
    </>
  );
}
