import { Modal, useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { Frame } from '../../src-shared/contract/index.ts';
import { useAct, useCall } from '../bridge/index.ts';
import { FailureWords, KeyHint, SafeText, StateBadge, writeAddress } from '../components/index.ts';
import { useMay, useMe } from '../stores/index.ts';
import { useDialogs } from './dialogs.ts';
import { useLockNow } from './lock.ts';
import { isSearch, moved, type PaletteAct, paletteItems } from './palette-items.ts';
import classes from './palette.module.css';
import { placesFor } from './places.ts';

const TYPING_MS = 200;

/** What each act does; none of them changes a chart by itself. */
function useActs(): (act: PaletteAct) => void {
  const { setColorScheme } = useMantineColorScheme();
  const { show } = useDialogs();
  const lockNow = useLockNow();
  const pause = useAct('engine.pause');
  const resume = useAct('engine.resume');
  const acts: Readonly<Record<PaletteAct, () => void>> = {
    lock: lockNow,
    light: () => setColorScheme('light'),
    dark: () => setColorScheme('dark'),
    system: () => setColorScheme('auto'),
    pause: () => pause.mutate({}),
    resume: () => resume.mutate({}),
    verify: () => show('verify'),
    keys: () => show('keys'),
  };
  return (act) => acts[act]();
}

function Inside(props: { readonly engine: Frame['engine']['state'] | null; readonly onLeave: () => void }) {
  const me = useMe();
  const { close } = useDialogs();
  const [, navigate] = useLocation();
  const [text, setText] = useState('');
  const [settled] = useDebouncedValue(text.trim(), TYPING_MS);
  const [marked, setMarked] = useState(0);
  const mayRead = useMay('write.read');
  const facts = { places: placesFor(me), engine: props.engine, mayRun: useMay('run'), mayVerify: useMay('audit.verify') };
  const runAct = useActs();
  const searching = mayRead && isSearch(settled);
  const found = useCall('queue.find', { text: settled }, { enabled: searching });
  const list = useRef<HTMLDivElement>(null);
  const id = useId();

  const offers = paletteItems(text, facts).map((item) => ({
    id: item.id,
    run: () => {
      props.onLeave();
      close();
      if (item.kind === 'go') navigate(item.to);
      else runAct(item.act);
    },
    words: item.words,
    row: null,
  }));
  const writes = (searching ? (found.data?.rows ?? []) : []).map((row) => ({
    id: row.id,
    run: () => {
      props.onLeave();
      close();
      navigate(writeAddress(row.id));
    },
    words: row.title,
    row,
  }));
  const options = [...writes, ...offers];
  const at = Math.min(marked, options.length - 1);

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  function pressed(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) setMarked(moved(at, step, options.length));
    else if (event.key === 'Enter') options[at]?.run();
    else return;
    event.preventDefault();
  }

  const option = (entry: (typeof options)[number], index: number) => (
    <div
      key={entry.id}
      id={`${id}-${String(index)}`}
      role="option"
      aria-selected={index === at}
      className={classes.option}
      onPointerMove={() => setMarked(index)}
      onClick={entry.run}
    >
      {entry.row === null ? (
        <SafeText text={entry.words} as="line" />
      ) : (
        <>
          <span className={classes.found}>
            <SafeText text={entry.words} as="line" />
            <span className="muted small">
              <SafeText text={`${entry.row.patient ?? 'Erased record'} · ${entry.row.connection}`} as="line" />
            </span>
          </span>
          <StateBadge state={entry.row.state} verification={entry.row.verification} code={entry.row.code} />
        </>
      )}
    </div>
  );

  return (
    <>
      <input
        className={classes.input}
        data-autofocus
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={at < 0 ? undefined : `${id}-${String(at)}`}
        aria-label="Find a write, a screen or an act"
        placeholder="Write id, event id, Patient/ID, a screen, an address…"
        value={text}
        maxLength={512}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setMarked(0);
        }}
        onKeyDown={pressed}
      />
      <div className={classes.list} ref={list} id={`${id}-list`} role="listbox" aria-label="Found">
        {writes.length === 0 ? null : (
          <div role="group" aria-label="Writes">
            <h3 className={classes.group} role="presentation">
              Writes
            </h3>
            {writes.map((entry, index) => option(entry, index))}
          </div>
        )}
        {offers.length === 0 ? null : (
          <div role="group" aria-label="Screens and acts">
            <h3 className={classes.group} role="presentation">
              Screens and acts
            </h3>
            {offers.map((entry, index) => option(entry, writes.length + index))}
          </div>
        )}
      </div>
      <div className={`${classes.foot ?? ''} muted small`} role="status">
        {searching && found.error !== null ? (
          <FailureWords failure={found.error.failure} />
        ) : searching && found.data === undefined ? (
          'Looking among the writes…'
        ) : searching && writes.length === 0 ? (
          'No write has this id, event id or patient. Names are not searched: give an id, or SYSTEM|VALUE of an identifier.'
        ) : (
          <>
            <KeyHint keys="ArrowDown" /> <KeyHint keys="ArrowUp" /> choose · <KeyHint keys="Enter" /> open ·{' '}
            <KeyHint keys="Escape" /> close
          </>
        )}
      </div>
    </>
  );
}

/** Finds writes, goes to screens and addresses, and does what the frame can do. */
export function Palette(props: { readonly engine: Frame['engine']['state'] | null }) {
  const { open, close } = useDialogs();
  const opened = open === 'palette';
  // The focus goes back to where it was, except when another screen or dialog takes it.
  const [left, setLeft] = useState(false);
  if (opened && left) setLeft(false);
  return (
    <Modal.Root opened={opened} onClose={close} returnFocus={!left} size="lg" padding={0} yOffset="10vh">
      <Modal.Overlay opacity={0.5} />
      <Modal.Content aria-label="Find" radius="lg">
        <Inside engine={props.engine} onLeave={() => setLeft(true)} />
      </Modal.Content>
    </Modal.Root>
  );
}
