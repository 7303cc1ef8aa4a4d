import { useSyncExternalStore } from 'react';
import { absoluteWords, ageWords, clockWords } from './time-words.ts';

/** One ticking clock for everything on the screen: a timer per row would wake the window a thousand times over. */
const TICK_MS = 5_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = Date.now();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      for (const each of listeners) each();
    }, TICK_MS);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time in milliseconds, moving every five seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** How long ago something was, or how long until it is; the absolute time stands in the title. */
export function Age(props: { readonly at: string }) {
  const time = useNow();
  return (
    <time dateTime={props.at} title={absoluteWords(props.at)}>
      {ageWords(props.at, time)}
    </time>
  );
}

/** A point in time as a time of day, with its day when that is not today. */
export function At(props: { readonly at: string }) {
  const time = useNow();
  return (
    <time dateTime={props.at} title={absoluteWords(props.at)}>
      {clockWords(props.at, time)}
    </time>
  );
}
