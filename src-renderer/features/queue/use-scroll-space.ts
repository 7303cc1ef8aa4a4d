import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { flushSync } from 'react-dom';
import { placeAt, scrolled, scrollSpace, type ScrollSpace } from './scroll-space.ts';

/** Lines drawn above and below what is seen. */
const OVERSCAN = 10;

export interface LongList {
  /** Height of the element that stands for the list. */
  readonly height: number;
  /** The lines to draw, and where in that element. */
  readonly lines: readonly { readonly index: number; readonly top: number }[];
  /** First and last line that can be seen. */
  readonly first: number;
  readonly last: number;
  /** Scrolls only as far as is needed to see the line whole, and this many lines above it. */
  readonly reveal: (line: number, above?: number) => void;
  /** Lines that fit on the screen at once, at least one. */
  readonly perScreen: number;
}

/**
 * Lines of one height in a scrolling element, as many as there are: drawn only where they are seen, and in a scroll space
 * that a browser can hold.
 *
 * @param head height of what covers the top of the element, in pixels
 * @param keep a line that stays drawn wherever the list is scrolled to, because it has the focus
 */
export function useLongList(
  scroller: RefObject<HTMLDivElement | null>,
  count: number,
  lineHeight: number,
  head: number,
  keep: number | null,
): LongList {
  const state = useRef<{ space: ScrollSpace; scrollTop: number; place: number }>({
    space: scrollSpace(0, 0),
    scrollTop: 0,
    place: 0,
  });
  const [shift, setShift] = useState(0);

  const enter = useCallback((element: Element, next: { space: ScrollSpace; scrollTop: number }, rendering = false) => {
    const shiftChanged = next.space.shift !== state.current.space.shift;
    state.current = { ...next, place: next.scrollTop + next.space.shift };
    // Content and scroll position have to change together, or the list would jump for a frame.
    if (shiftChanged && !rendering) flushSync(() => setShift(next.space.shift));
    else if (shiftChanged) setShift(next.space.shift);
    if (element.scrollTop !== next.scrollTop) element.scrollTop = next.scrollTop;
  }, []);

  const virtualizer: Virtualizer<HTMLDivElement, HTMLDivElement> = useVirtualizer<HTMLDivElement, HTMLDivElement>({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: OVERSCAN,
    observeElementOffset: (instance, tell) => {
      const element = instance.scrollElement;
      if (element === null) return;
      let still: ReturnType<typeof setTimeout> | undefined;
      const follow = (): void => {
        const { space, scrollTop } = state.current;
        enter(element, scrolled(space, scrollTop, element.scrollTop));
        tell(state.current.place, true);
        clearTimeout(still);
        still = setTimeout(() => tell(state.current.place, false), 120);
      };
      element.addEventListener('scroll', follow, { passive: true });
      tell(state.current.place, false);
      return () => {
        element.removeEventListener('scroll', follow);
        clearTimeout(still);
      };
    },
    scrollToFn: (offset, _options, instance) => {
      const element = instance.scrollElement;
      if (element !== null) enter(element, placeAt(state.current.space, offset));
    },
  });

  const viewport = Math.max(0, (virtualizer.scrollRect?.height ?? 0) - head);
  const total = count * lineHeight;
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const space = { ...scrollSpace(total, viewport), shift: state.current.space.shift };
    if (space.total !== state.current.space.total || viewport !== state.current.space.viewport) {
      enter(element, placeAt(space, state.current.place), true);
    }
  }, [scroller, total, viewport, enter]);

  const reveal = useCallback(
    (line: number, above = 0) => {
      const element = scroller.current;
      if (element === null) return;
      const { space, place } = state.current;
      if (space.viewport <= 0) return;
      const [top, bottom] = [(line - above) * lineHeight, (line + 1) * lineHeight];
      const wanted = top < place ? top : bottom > place + space.viewport ? bottom - space.viewport : place;
      // Called while the table is being drawn.
      if (wanted !== place) enter(element, placeAt(space, wanted), true);
    },
    [scroller, lineHeight, enter],
  );

  const drawn = virtualizer.getVirtualItems().map(({ index }) => index);
  if (keep !== null && keep < count && !drawn.includes(keep)) drawn.push(keep);
  const place = virtualizer.scrollOffset ?? 0;
  const first = Math.min(Math.max(0, count - 1), Math.max(0, Math.floor(place / lineHeight)));
  const perScreen = Math.max(1, Math.floor(viewport / lineHeight));
  return {
    height: Math.min(total, scrollSpace(total, viewport).height),
    lines: drawn.map((index) => ({ index, top: index * lineHeight - shift })),
    first,
    last: Math.min(Math.max(0, count - 1), first + perScreen + 1),
    reveal,
    perScreen,
  };
}
