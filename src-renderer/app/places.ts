import type { Frame, Me } from '../../src-shared/contract/index.ts';
import type { Act } from '../../src-shared/domain/index.ts';
import type { IconName } from './icons.tsx';

/** The screens that the rail and the palette lead to. */

export interface Place {
  readonly path: string;
  readonly name: string;
  readonly icon: IconName;
  /** The act that a person needs for it. */
  readonly act: Act;
  /** How many there are, and of what; nothing where no number helps. */
  readonly count?: (counts: Frame['counts']) => { readonly count: number; readonly of: string };
}

const places: readonly Place[] = [
  { path: '/today', name: 'Today', icon: 'today', act: 'write.read' },
  {
    path: '/queue',
    name: 'Queue',
    icon: 'queue',
    act: 'write.read',
    count: ({ open }) => ({ count: open, of: 'failed or open' }),
  },
  {
    path: '/approvals',
    name: 'Approvals',
    icon: 'approvals',
    act: 'write.approve',
    count: ({ awaitingApproval }) => ({ count: awaitingApproval, of: 'waiting for approval' }),
  },
  { path: '/connections', name: 'Connections', icon: 'connections', act: 'status' },
];

/** The screens this person may come to. */
export function placesFor(me: Pick<Me, 'acts'>): readonly Place[] {
  return places.filter(({ act }) => me.acts.includes(act));
}

/** The screen a window opens with. */
export function firstPlace(me: Pick<Me, 'acts'>): string {
  return placesFor(me)[0]?.path ?? '/connections';
}

/** Whether an address belongs to a screen of the rail. One write belongs to the queue. */
export function isAt(place: Pick<Place, 'path'>, address: string): boolean {
  return (
    address === place.path || address.startsWith(`${place.path}/`) || (place.path === '/queue' && address.startsWith('/write/'))
  );
}
