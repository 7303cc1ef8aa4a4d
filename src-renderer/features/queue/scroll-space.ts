/**
 * A list taller than a browser lets an element be (Chromium stops at about 33.5 million pixels).
 *
 * The scrolling element gets a lower height. Small movements are followed pixel by pixel; a long way, as when somebody
 * drags the thumb, is scaled. In between, the shift of the content against the element changes page by page, so that both
 * ends are reached. (The method of SlickGrid, https://github.com/mleibman/SlickGrid/wiki.)
 */
export interface ScrollSpace {
  /** Height of the whole list, and of the element that stands for it; equal for a list that fits. */
  readonly total: number;
  readonly height: number;
  readonly viewport: number;
  /** What to add to the element's scroll position to get the place in the list. */
  readonly shift: number;
}

/** Well under the limit, and small enough that positions stay exact in single precision, with which layers are drawn. */
export const heightMax = 8_000_000;
const PAGES = 100;

export function scrollSpace(total: number, viewport: number): ScrollSpace {
  return { total, height: Math.min(total, heightMax), viewport, shift: 0 };
}

function shiftAt(space: ScrollSpace, place: number): number {
  const { total, height } = space;
  if (total <= height) return 0;
  const page = height / PAGES;
  const pages = Math.floor(total / page);
  const step = (total - height) / (pages - 1);
  return Math.round(Math.min(pages - 1, Math.floor(place / page)) * step);
}

/** The space and the scroll position that show this place of the list at the top. */
export function placeAt(space: ScrollSpace, place: number): { readonly space: ScrollSpace; readonly scrollTop: number } {
  const wanted = Math.max(0, Math.min(place, space.total - space.viewport));
  const shift = shiftAt(space, wanted);
  return { space: { ...space, shift }, scrollTop: wanted - shift };
}

/** After the element was scrolled from one position to another: the space, and where the element has to stand in it. */
export function scrolled(
  space: ScrollSpace,
  from: number,
  to: number,
): { readonly space: ScrollSpace; readonly scrollTop: number; readonly place: number } {
  const reach = Math.max(1, space.height - space.viewport);
  const atEnd = to <= 0 || to >= reach;
  const near = Math.abs(to - from) < space.viewport && !atEnd;
  const place = near ? to + space.shift : (to / reach) * Math.max(0, space.total - space.viewport);
  const moved = placeAt(space, place);
  // While the thumb is dragged, the element stays where the hand has put it.
  if (!near) return { space: { ...space, shift: Math.round(place) - to }, scrollTop: to, place: Math.round(place) };
  return { ...moved, place: moved.scrollTop + moved.space.shift };
}
