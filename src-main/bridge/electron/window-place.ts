import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Rectangle } from 'electron';
import { z } from 'zod';

/** Where the console's window was when it was closed. A convenience: whatever is wrong with it, the window opens somewhere. */

export interface WindowPlace {
  /** In device-independent pixels. */
  readonly bounds: { readonly width: number; readonly height: number; readonly x?: number; readonly y?: number };
  readonly maximized: boolean;
}

const FIRST: WindowPlace = { bounds: { width: 1320, height: 860 }, maximized: false };
/** Smaller than the window may be, or larger than any desk, and the file is not one of ours. */
const side = (least: number) => z.int().min(least).max(20_000);
const edge = z.int().min(-100_000).max(100_000);
const stored = z.strictObject({
  bounds: z.strictObject({ x: edge, y: edge, width: side(900), height: side(600) }),
  maximized: z.boolean(),
});

/** So much of the window's top edge must be on a display that a person can take hold of it. */
const HOLD = { width: 160, height: 40 };

/** The place in the file's text, as far as it is on one of the displays' work areas; else where a first window opens. */
export function placeIn(text: string | null, workAreas: readonly Rectangle[]): WindowPlace {
  const place = parsed(text);
  if (place === null) return FIRST;
  const { x, y, width, height } = place.bounds;
  const area = workAreas.find(
    (one) =>
      Math.min(x + width, one.x + one.width) - Math.max(x, one.x) >= HOLD.width &&
      y >= one.y &&
      y + HOLD.height <= one.y + one.height,
  );
  if (area === undefined) return { bounds: FIRST.bounds, maximized: place.maximized };
  const size = { width: Math.min(width, area.width), height: Math.min(height, area.height) };
  // A window made narrower keeps its left edge: one that reached in from the display on the left has to follow its right edge.
  return { bounds: { x: Math.max(x, area.x + HOLD.width - size.width), y, ...size }, maximized: place.maximized };
}

function parsed(text: string | null): z.infer<typeof stored> | null {
  if (text === null) return null;
  try {
    const place = stored.safeParse(JSON.parse(text));
    return place.success ? place.data : null;
  } catch {
    return null;
  }
}

export function readPlace(file: string, workAreas: readonly Rectangle[]): WindowPlace {
  try {
    return placeIn(readFileSync(file, 'utf8'), workAreas);
  } catch {
    return placeIn(null, workAreas);
  }
}

/** Keeps the place; whole or not at all. A place that cannot be kept is no reason to trouble anybody. */
export function keepPlace(file: string, bounds: Rectangle, maximized: boolean): void {
  const { x, y, width, height } = bounds;
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify({ bounds: { x, y, width, height }, maximized })}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch {
    // The next window opens where a first one does.
  }
}
