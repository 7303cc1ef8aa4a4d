import { Button } from '@mantine/core';
import type { Frame } from '../../src-shared/contract/index.ts';
import { absoluteWords, Brand, KeyHint, SafeText, useNow } from '../components/index.ts';
import { useDialogs } from './dialogs.ts';
import { EnginePill } from './engine-pill.tsx';
import { anchorWords, environmentWords, wallClockWords } from './frame-words.ts';
import classes from './frame.module.css';
import { useLockNow } from './lock.ts';
import { PersonMenu } from './person-menu.tsx';

function AnchorPill(props: { readonly anchor: Frame['anchor'] }) {
  const said = anchorWords(props.anchor, useNow());
  const show = useDialogs((store) => store.show);
  const { at } = props.anchor;
  return (
    <button
      type="button"
      className={classes.pill}
      data-tone={said.tone}
      title={
        at === null ? 'The log has no signed checkpoint yet' : `The state of the log was last signed on ${absoluteWords(at)}`
      }
      onClick={() => show('verify')}
    >
      <span className={classes.long}>{said.words}</span>
      <span className={classes.short}>{said.short}</span>
    </button>
  );
}

/** What is never hidden: into what is written, whether writes go out, how old the log's anchor is, who is here. */
export function TopBar(props: { readonly frame: Frame | null }) {
  const { frame } = props;
  const show = useDialogs((store) => store.show);
  const lockNow = useLockNow();
  const now = useNow();
  const environment = environmentWords(frame?.environment ?? null);
  return (
    <header className={classes.top}>
      <Brand className={classes.brand ?? ''} />
      {frame === null ? null : (
        <>
          <span className={classes.env} data-env={frame.environment ?? 'none'} title={environment.title}>
            {environment.word}
          </span>
          {frame.tenants.length === 0 ? null : (
            <span className={classes.tenants}>
              <SafeText text={frame.tenants.join(', ')} as="line" />
            </span>
          )}
          <EnginePill engine={frame.engine} />
          <AnchorPill anchor={frame.anchor} />
        </>
      )}
      <span className={classes.grow} />
      <button type="button" className={classes.find} onClick={() => show('palette')} aria-keyshortcuts="Control+K Meta+K">
        <span>
          <span className={classes.long}>Find a write, a screen…</span>
          <span className={classes.short}>Find</span>
        </span>
        <span className={classes.long}>
          <KeyHint keys="mod+k" />
        </span>
      </button>
      {frame === null ? null : (
        <span className={classes.clock} data-trusted={frame.clock.trusted} title={frame.clock.words}>
          {wallClockWords(new Date(now))}
        </span>
      )}
      <PersonMenu />
      <Button size="compact-sm" h={28} onClick={lockNow} title="Hides what is on the screen until you give your secret">
        Lock
      </Button>
    </header>
  );
}
