import type { SimulatedDisk } from '../ledger/disk.ts';
import type { WritePicture } from './picture.ts';
import type { WriteState } from '../../../src-shared/domain/index.ts';

/**
 * Who holds what (INV-13): a write in flight belongs to the engine that took it up, for as long as that engine's lease lasts,
 * and to nobody else; when the lease has ended, all that may be said of the write is that its outcome is not known.
 */
export class Holders {
  private readonly disk: Pick<SimulatedDisk, 'leases'>;
  private readonly report: (message: string) => void;
  private known = 0;
  private lastFence = 0;
  private readonly ended = new Set<number>();

  constructor(disk: Pick<SimulatedDisk, 'leases'>, report: (message: string) => void) {
    this.disk = disk;
    this.report = report;
  }

  /** Fencing numbers only grow, and what has ended stays so. */
  look(): void {
    const leases = this.disk.leases.all();
    for (; this.known < leases.length; this.known += 1) {
      const fence = leases[this.known]?.fence ?? 0;
      if (fence <= this.lastFence) this.report(`lease ${fence} was given out after lease ${this.lastFence}`);
      this.lastFence = fence;
    }
    for (const { fence, ended } of leases) {
      if (ended) this.ended.add(fence);
      else if (this.ended.has(fence)) this.report(`lease ${fence} had ended, and lasts again`);
    }
  }

  /** An engine takes a write up for sending; `others`: all other writes. */
  takenUp(id: string, own: WritePicture, to: WriteState, actor: string, others: Iterable<[string, WritePicture]>): void {
    const holder = holderIn(to);
    if (holder === null || holder.engine !== actor || !this.lasts(holder))
      this.report(`${id} was taken up by ${actor} under a lease that it does not hold`);
    for (const [other, picture] of others) {
      const { tenant, lane } = picture.planned;
      const sameLane = other !== id && tenant === own.planned.tenant && lane === own.planned.lane;
      if (sameLane && (picture.state.name === 'in-flight' || picture.state.name === 'unknown'))
        this.report(`${id} was taken up while ${other} of its lane is ${picture.state.name}`);
    }
  }

  /** A write that was in flight moves on. */
  moved(id: string, from: WriteState, to: WriteState, actor: string): void {
    const holder = holderIn(from);
    if (holder !== null && this.lasts(holder)) {
      if (holder.engine !== actor) this.report(`${id} is held by ${holder.engine} and was made ${to.name} by ${actor}`);
    } else if (to.name !== 'unknown') {
      this.report(`${id} became ${to.name} by ${actor} after the lease it was held under had ended`);
    }
  }

  /** A request of a write leaves. */
  sent(id: string, state: WriteState, process: string): void {
    const holder = holderIn(state);
    if (holder === null || holder.engine !== process || !this.lasts(holder))
      this.report(`${id} was sent by ${process}, which does not hold it`);
  }

  private lasts({ fence, engine }: Holder): boolean {
    return this.disk.leases.all().some((lease) => lease.fence === fence && lease.engine === engine && !lease.ended);
  }
}

interface Holder {
  readonly engine: string;
  readonly fence: number;
}

function holderIn(state: WriteState): Holder | null {
  if (state.name !== 'in-flight' || state.fence === undefined) return null;
  return { engine: state.engine, fence: state.fence };
}
