import { useEffect, useRef } from 'react';
import { useCall, useForget, useLink } from '../bridge/index.ts';
import { FailedState, SafeText, useKeys } from '../components/index.ts';
import { useDialogs } from './dialogs.ts';
import classes from './frame.module.css';
import { useIdle } from './idle.ts';
import { KeysHelp } from './keys-help.tsx';
import { Palette } from './palette.tsx';
import { Rail } from './rail.tsx';
import { Screens } from './routes.tsx';
import { TopBar } from './top-bar.tsx';
import { VerifyDialog } from './verify-dialog.tsx';

/** Notices tell of every change; this is for the age of the anchor and the clock, of which nobody sends any. */
const FRAME_EVERY_MS = 15_000;

/** Around every screen: the top bar, the rail, and what the person must know whichever screen they look at. */
export function Frame() {
  const frame = useCall('frame.read', {}, { everyMs: FRAME_EVERY_MS });
  const linked = useLink();
  const { show, reset } = useDialogs();
  const main = useRef<HTMLElement>(null);
  useIdle();
  const forget = useForget();
  // When the frame goes, so does everything it was told, and what the next person would find open.
  useEffect(
    () => () => {
      forget();
      reset();
    },
    [forget, reset],
  );
  useKeys('Everywhere', [
    { keys: 'mod+k', does: 'Find a write, a screen or an act', run: () => show('palette'), everywhere: true },
    { keys: '?', does: 'Show the keys', run: () => show('keys') },
  ]);
  const data = frame.data ?? null;
  return (
    <div className={classes.app}>
      <a
        className={classes.skip}
        href="#content"
        onClick={(event) => {
          // Behind the # stands the address of the screen: it must stay.
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the screen
      </a>
      <TopBar frame={data} />
      <Rail counts={data?.counts ?? null} />
      <main className={classes.main} ref={main} id="content" tabIndex={-1}>
        {linked ? null : (
          <div className={classes.strip} data-tone="bad" role="alert">
            <strong>Countersign does not answer.</strong>
            <span>What you see may be old. This window keeps trying to reach it.</span>
          </div>
        )}
        {data === null || data.clock.trusted ? null : (
          <div className={classes.strip} data-tone="bad" role="alert">
            <strong>The clock of this machine cannot be trusted.</strong>
            <SafeText text={data.clock.words} />
          </div>
        )}
        {data?.engine.state !== 'failed' ? null : (
          <div className={classes.strip} data-tone="bad" role="alert">
            <strong>The engine has failed: nothing is being sent.</strong>
            <SafeText text={data.engine.words} />
          </div>
        )}
        {frame.data === undefined && frame.error !== null ? (
          <FailedState failure={frame.error.failure} onRetry={() => void frame.refetch()} />
        ) : null}
        <Screens />
      </main>
      <Palette engine={data?.engine.state ?? null} />
      <KeysHelp />
      <VerifyDialog anchor={data?.anchor ?? null} />
    </div>
  );
}
