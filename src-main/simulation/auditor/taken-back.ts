import type { Chart } from '../ehr/chart.ts';
import type { ChartEffect } from '../ehr/wire.ts';
import type { Invariant } from './invariants.ts';
import type { SeenEntry, WritePicture } from './picture.ts';
import type { StateName } from '../../../src-shared/domain/index.ts';

/** States in which a write that was to take something back does so no more. */
const over: readonly StateName[] = ['failed-terminal', 'resolved-by-hand', 'withdrawn', 'superseded'];

/** Tells of a breach. */
type Report = (invariant: Invariant, message: string) => void;

/**
 * What is taken back (E2, E5): somebody decided so and accepted it, one write at a time does it, on the version that our
 * write put there and on no other, and nothing is called taken back before the chart showed that it is.
 */
export class TakenBack {
  private readonly report: Report;
  /** Charted writes of which a person has decided that they are to be taken back. */
  private readonly decided = new Set<string>();

  constructor(report: Report) {
    this.report = report;
  }

  read({ type, actorKind, body }: SeenEntry): void {
    if (type !== 'group.decided' || actorKind !== 'person') return;
    for (const id of body.members ?? []) {
      if (body.decision === 'undo') this.decided.add(id);
      else this.decided.delete(id);
    }
  }

  /** A write is planned that takes back another one. */
  planned(
    { actorKind }: SeenEntry,
    write: WritePicture['planned'],
    of: string,
    pictures: ReadonlyMap<string, WritePicture>,
  ): void {
    if (actorKind !== 'person' || !this.decided.has(of))
      this.report('INV-4', `${write.id} takes back ${of}, which nobody has decided`);
    for (const [other, picture] of pictures) {
      if (picture.planned.compensates === of && !over.includes(picture.state.name))
        this.report('INV-1', `${write.id} takes back ${of}, and so does ${other}, which is ${picture.state.name}`);
    }
  }

  /**
   * Such a write changed the chart.
   *
   * @param writeOf the write whose request made a change
   */
  charted(
    id: string,
    of: string,
    effect: ChartEffect,
    chart: Chart | undefined,
    writeOf: (effect: ChartEffect) => string | null,
  ): void {
    const before = chart?.effects.find((one) => one.reference === effect.reference && one.versionId === effect.before);
    if (before === undefined || writeOf(before) !== of)
      this.report('INV-3', `${id} marked version ${effect.before ?? 'none'} of ${effect.reference}, which ${of} did not write`);
    if (!isMarked(effect)) this.report('INV-6', `${id} changed ${effect.reference} and did not mark it`);
  }

  /** A charted write ends as taken back. */
  ended(
    id: string,
    picture: WritePicture,
    byPerson: boolean,
    chart: Chart | undefined,
    takesBack: (effect: ChartEffect) => boolean,
  ): void {
    const { state } = picture;
    if (state.name !== 'committed' || chart === undefined) return;
    const later = chart.effects.filter(({ reference }) => reference === state.evidence.reference);
    const shown = later.some((effect) => isMarked(effect) && (byPerson || takesBack(effect)));
    const gone = byPerson && later.every((effect) => !effect.live);
    if (!shown && !gone) this.report('INV-8', `${id} is called taken back, and ${state.evidence.reference} never showed it`);
  }
}

function isMarked({ resource }: ChartEffect): boolean {
  return resource.status === 'entered-in-error';
}
