import type { Chart } from '../ehr/chart.ts';
import type { ChartEffect, WireRequest } from '../ehr/wire.ts';
import type { SimulatedDisk } from '../ledger/disk.ts';
import type { SimulatedLog } from '../ledger/log.ts';
import type { Operation } from '../plan/operations.ts';
import { Holders } from './holders.ts';
import type { Invariant, Violation } from './invariants.ts';
import { laterLookWrong } from './later.ts';
import { ends, isListedMove, saysNotCharted } from './moves.ts';
import { planned, steps, type SeenEntry, type WritePicture } from './picture.ts';
import { patientName, Stops, stoppedCodes } from './stops.ts';
import { TakenBack } from './taken-back.ts';
import { hexOf, TreeRoots } from './tree.ts';
import { clinicalOwner, hospitals } from '../plan/people.ts';
import type { Receipt } from '../../ports/inbound/index.ts';
import type { ContractMatrix, Person, Sha256, StateName, WriteState } from '../../../src-shared/domain/index.ts';

/** What the auditor may look at: the EHRs' own records, what left on the wire, and what the disk holds. */
export interface AuditedWorld {
  /** What the wall clock shows beyond the time that has passed. */
  readonly wallOffsetMs: number;
  readonly scheduler: { readonly now: number };
  readonly disk: SimulatedDisk;
  readonly charts: ReadonlyMap<string, Chart>;
  readonly requests: readonly WireRequest[];
  readonly network: { travels(request: number): boolean };
  /** What the wall clock showed beyond the time that had passed when this process started. */
  wallOffsetAtStart(process: string): number;
  readonly tools: { readonly sha256: Sha256 };
  readonly matrix: ContractMatrix;
}

const WRITE_SYSTEM = 'urn:countersign:write';
const IN_FLIGHT_MAX = 32;
const ATTEMPTS_MAX = 8;
const RETRY_AFTER_MAX_MS = 3_600_000;
const CLOCK_WRONG_MAX_MS = 300_000;
const CLOCK_JUMP_MAX_MS = 30_000;

/**
 * Holds what the engine claims against what the EHRs recorded. It reads the log as anyone could who was given it, keeps
 * its own picture of every write, and knows no rule from the engine or the domain: only their types.
 */
export class Auditor {
  readonly violations: Violation[] = [];
  /** Sends of which the engine could not know whether they had been carried out. */
  ambiguous = 0;
  private readonly world: AuditedWorld;
  private readonly pictures = new Map<string, WritePicture>();
  private readonly people = new Map<string, Person>();
  private readonly read = new Map<string, { entries: number; at: number; checkpoints: number; readonly tree: TreeRoots }>();
  private readonly effectsSeen = new Map<string, number>();
  private requestsSeen = 0;
  /** The write whose request had this number. */
  private readonly writeOf = new Map<number, string | null>();
  /** What each event must be about: hospital and patient. */
  private readonly meant = new Map<string, { readonly hospital: number; readonly patient: number }>();
  private readonly promised = new Map<string, string>();
  private readonly decisions = new Map<string, string>();
  private readonly stops = new Stops();
  private readonly holders: Holders;
  private readonly takenBack = new TakenBack((invariant, message) => this.report(invariant, message));

  constructor(world: AuditedWorld) {
    this.world = world;
    this.holders = new Holders(world.disk, (message) => this.report('INV-13', message));
  }

  report(invariant: Invariant, message: string): void {
    this.violations.push({ invariant, message, atMs: this.world.scheduler.now });
  }

  /** A sender was told that this became of its record. */
  acknowledged(receipt: Receipt, event: Extract<Operation, { kind: 'event' }>): void {
    if (receipt.eventId !== null) this.meant.set(receipt.eventId, { hospital: event.hospital, patient: event.patient });
    for (const id of receipt.writes) this.promised.set(id, `the receipt of ${receipt.eventId ?? ''}`);
    this.look();
    this.keepPromises();
  }

  /** A person was told that a write takes back another one. */
  accepted(id: string): void {
    this.promised.set(id, 'what a person accepted');
    this.look();
    this.keepPromises();
  }

  /** A person was told that the decision stands. */
  decided(id: string, state: StateName, person: string): void {
    this.look();
    const decision = `${id} ${state} ${person}`;
    if (!this.decisions.has(decision))
      this.report('INV-20', `${person} was told that ${id} is ${state}; the log does not say so`);
  }

  /** A patient's consent is being recorded; `done`: somebody was told that it is. The greater order is the newer. */
  consent(of: Extract<Operation, { kind: 'consent' }>, order: number, done: boolean): void {
    const patient = patientName(of.hospital, of.patient);
    if (done) this.stops.consentRecorded(patient, order, of.permits);
    else this.stops.consentBegins(patient, order, of.permits);
  }

  /** Looks at everything that is new since the last look. */
  look(): void {
    this.holders.look();
    for (const log of this.world.disk.logs) this.readLog(log);
    for (; this.requestsSeen < this.world.requests.length; this.requestsSeen += 1) {
      const request = this.world.requests[this.requestsSeen];
      if (request?.purpose !== 'send') continue;
      this.writeOf.set(request.number, idIn(request.body));
      this.checkSend(request);
    }
    for (const chart of this.world.charts.values()) this.readChart(chart);
  }

  /** After charted entries were looked at once more, from one time of the wall clock to another, and before anybody changes them again. */
  lookedLater(since: number, now: number): void {
    this.look();
    for (const [id, picture] of this.pictures) {
      const effects = this.effectsOf(id);
      const wrong = laterLookWrong(picture, { since, now }, effects, this.world.charts.get(picture.planned.connection));
      if (wrong !== null) this.report('INV-20', `${id} was looked at later: ${wrong}`);
    }
  }

  /** After everything had the time to settle. */
  end(): void {
    this.look();
    this.keepPromises();
    for (const [id, picture] of this.pictures) {
      const { state } = picture;
      const waitsForPerson = state.name === 'unknown' && state.personSince !== null;
      if (!ends.includes(state.name) && !waitsForPerson) this.report('INV-2', `write ${id} never settled: it is ${state.name}`);
      // Everything that stopped sending has been lifted by now.
      if (state.name === 'held' && stoppedCodes.includes(state.hold.code))
        this.report('INV-2', `write ${id} stays held (${state.hold.code}) for what is over`);
      this.checkAgainstChart(id, picture);
    }
    for (const log of this.world.disk.logs) {
      const { tree } = this.read.get(log.tenant) ?? { tree: null };
      if (log.entries.some((entry, seq) => tree?.isLeaf(seq, entry.leaf) !== true))
        this.report('INV-9', `an entry of ${log.tenant} was changed after it was written`);
    }
    this.checkTotals();
  }

  private keepPromises(): void {
    for (const [id, promise] of this.promised)
      if (!this.pictures.has(id)) this.report('INV-2', `write ${id} of ${promise} is not in the log`);
  }

  private readLog(log: SimulatedLog): void {
    const { sha256 } = this.world.tools;
    const seen = this.read.get(log.tenant) ?? { entries: 0, at: 0, checkpoints: 0, tree: new TreeRoots(sha256) };
    if (log.entries.length < seen.entries) this.report('INV-9', `the log of ${log.tenant} became shorter`);
    for (; seen.entries < log.entries.length; seen.entries += 1) {
      const stored = log.entries[seen.entries];
      if (stored === undefined) break;
      if (stored.seq !== seen.entries) this.report('INV-10', `entry ${seen.entries} of ${log.tenant} says it is ${stored.seq}`);
      if (stored.at < seen.at) this.report('INV-19', `the time of entry ${stored.seq} of ${log.tenant} went back`);
      seen.at = stored.at;
      seen.tree.add(stored.leaf);
      const { type, actor } = stored.draft;
      this.readEntry(log, { type, actorKind: actor.kind, actor: actor.id, body: JSON.parse(stored.body) as SeenEntry['body'] });
    }
    for (; seen.checkpoints < log.checkpoints.length; seen.checkpoints += 1) {
      const checkpoint = log.checkpoints[seen.checkpoints];
      if (checkpoint === undefined) break;
      if (checkpoint.size > seen.entries || hexOf(seen.tree.rootOf(checkpoint.size)) !== checkpoint.root)
        this.report('INV-9', `the checkpoint of ${checkpoint.size} entries of ${log.tenant} has another root`);
    }
    this.read.set(log.tenant, seen);
  }

  private readEntry(log: SimulatedLog, entry: SeenEntry): void {
    const { body } = entry;
    if (body.person !== undefined) this.people.set(body.person.id, body.person);
    this.stops.read(entry);
    this.takenBack.read(entry);
    for (const write of [...(body.writes ?? []), ...(body.write === undefined ? [] : [body.write])]) {
      if (this.pictures.has(write.id)) this.report('INV-1', `write ${write.id} was planned twice`);
      if (write.compensates !== undefined) this.takenBack.planned(entry, write, write.compensates, this.pictures);
      this.pictures.set(write.id, planned(write));
    }
    if (body.id === undefined || body.moves === undefined) return;
    const picture = this.pictures.get(body.id);
    if (picture === undefined) return this.report('INV-10', `${entry.type} moves ${body.id}, which was never planned`);
    if (picture.planned.tenant !== log.tenant)
      this.report('INV-11', `${entry.type} in the log of ${log.tenant} moves ${body.id}`);
    if (body.prepared !== undefined && body.prepared !== null) picture.prepared = body.prepared;
    if (body.facts !== undefined && body.facts !== null) picture.facts = body.facts;
    if (body.approval !== undefined) picture.approval = body.approval;
    if (body.selection !== undefined) picture.selectedBy = body.selection.by;
    for (const [from, to] of steps(picture.state.name, body.moves)) this.move(body.id, picture, from, to, entry);
    picture.state = body.moves.at(-1) ?? picture.state;
    picture.version += 1;
    if (entry.actorKind === 'person') this.decisions.set(`${body.id} ${picture.state.name} ${entry.actor}`, entry.type);
    this.compareRow(log, body.id, picture);
  }

  private move(id: string, picture: WritePicture, from: StateName, to: WriteState, entry: SeenEntry): void {
    if (!isListedMove(from, to.name)) this.report('INV-10', `${entry.type} moves ${id} from ${from} to ${to.name}`);
    const byPerson = entry.actorKind === 'person';
    if (from === 'failed-terminal' && to.name === 'draft' && !(byPerson && entry.type === 'write.selected'))
      this.report('INV-10', `${entry.type} takes ${id} up again, which nobody has selected`);
    if (to.name === 'in-flight') {
      picture.attempts += 1;
      this.holders.takenUp(id, picture, to, entry.actor, this.pictures);
      picture.stoppedAtAttempt = this.stops.of(picture, this.patientOf(picture));
      picture.approversAtAttempt = this.approversThere(picture);
      if (from !== 'pending') this.report('INV-12', `${id} was taken up for sending while it was ${from}`);
      if (picture.attempts > ATTEMPTS_MAX) this.report('INV-18', `${id} is attempted for the ${picture.attempts}th time`);
      const inFlight = [...this.pictures.values()].filter((one) => one.state.name === 'in-flight').length;
      if (inFlight > IN_FLIGHT_MAX) this.report('INV-18', `${inFlight} writes are in flight`);
      if (entry.body.requestSha256 !== picture.approval?.requestSha256)
        this.report('INV-6', `${id} is attempted with other bytes than approved`);
    }
    if (from === 'in-flight') this.holders.moved(id, picture.state, to, entry.actor);
    if (from === 'in-flight' && to.name === 'unknown') this.ambiguous += 1;
    if (to.name === 'committed') this.committed(id, picture, from, to, entry, byPerson);
    if (to.name === 'compensated') {
      const takesBack = (effect: ChartEffect): boolean => this.pictureOf(effect)?.planned.compensates === id;
      this.takenBack.ended(id, picture, byPerson, this.world.charts.get(picture.planned.connection), takesBack);
    }
    const settledAsAbsent = (from === 'in-flight' || from === 'unknown') && saysNotCharted.includes(to.name);
    if (settledAsAbsent) this.checkAbsence(id, to.name);
    if (from === 'in-flight') this.noteRetryAfter(picture, entry);
    if (byPerson && entry.type === 'write.retried') picture.notBefore = { ...picture.notBefore, at: 0 };
  }

  private committed(
    id: string,
    picture: WritePicture,
    from: StateName,
    to: Extract<WriteState, { name: 'committed' }>,
    entry: SeenEntry,
    byPerson: boolean,
  ): void {
    picture.charted = true;
    if (byPerson) picture.attested = true;
    const evidence = entry.body.exchange ?? [];
    if (from !== 'committed' && !byPerson && !evidence.some((one) => one.status !== null))
      this.report('INV-8', `${id} is committed without an answer of the EHR`);
    const effects = this.effectsOf(id);
    const there = effects.filter((effect) => effect.reference === to.evidence.reference);
    if (there.length === 0)
      return this.report('INV-8', `${id} is committed at ${to.evidence.reference}, where the EHR never put it`);
    if (to.verification.result !== 'verified') return;
    const stored = there.some((effect) => effect.resource.content === contentOf(picture.prepared?.body));
    if (!stored) this.report('INV-20', `${id} is called verified, and the chart holds something else`);
  }

  /** Nothing may be called not done while it is done, or can still come to be. */
  private checkAbsence(id: string, state: StateName): void {
    const standing = this.effectsOf(id).filter((effect) => effect.live);
    if (standing.length > 0)
      this.report('INV-12', `${id} became ${state} while it stands in the chart at ${standing[0]?.reference ?? ''}`);
    const travelling = this.world.requests.some(
      (request) => this.writeOf.get(request.number) === id && this.world.network.travels(request.number),
    );
    if (travelling) this.report('INV-12', `${id} became ${state} while a request of it is still on its way`);
  }

  private noteRetryAfter(picture: WritePicture, entry: SeenEntry): void {
    const throttled = entry.body.exchange?.find((one) => one.status === 429);
    const seconds = Number(throttled?.headers['retry-after'] ?? 0);
    // From when the EHR said so: a process may sleep over what it was told.
    const { answeredAt } = this.world.requests.findLast(({ number }) => this.writeOf.get(number) === picture.planned.id) ?? {};
    picture.notBefore = {
      at: (answeredAt ?? 0) + Math.min(Math.max(0, seconds * 1_000), RETRY_AFTER_MAX_MS),
      process: entry.actor,
      wallOffsetMs: this.clockOf(entry.actor),
    };
  }

  private checkSend(request: WireRequest): void {
    const id = idIn(request.body);
    const picture = id === null ? undefined : this.pictures.get(id);
    if (id === null || picture === undefined)
      return this.report('INV-7', `a request left that belongs to no write: ${request.path}`);
    picture.sends += 1;
    const { state, approval, prepared } = picture;
    if (state.name === 'unknown') this.report('INV-12', `${id} was sent while its outcome is unknown`);
    if (state.name !== 'in-flight' || picture.sends > picture.attempts) {
      this.report(
        'INV-7',
        `${id} was sent ${picture.sends} times with ${picture.attempts} attempts on disk, while ${state.name}`,
      );
    }
    this.holders.sent(id, state, request.process);
    const { wallOffsetMs: off } = this.world;
    const jumped = Math.abs(off - this.world.wallOffsetAtStart(request.process));
    if (Math.abs(off) > CLOCK_WRONG_MAX_MS && jumped > CLOCK_JUMP_MAX_MS)
      this.report('INV-19', `${id} was sent while the clock was ${off} ms wrong, which ${request.process} saw happen`);
    const { method, path, headers, body } = request;
    const sha256 = hexOf(this.world.tools.sha256(new TextEncoder().encode(JSON.stringify([method, path, headers, body]))));
    if (sha256 !== approval?.requestSha256 || sha256 !== prepared?.sha256)
      this.report('INV-6', `${id} was sent with other bytes than approved`);
    this.checkApproval(id, picture);
    const stillStopped = this.stops.of(picture, this.patientOf(picture)).filter((one) => picture.stoppedAtAttempt.includes(one));
    if (stillStopped.length > 0)
      this.report('INV-5', `${id} was sent although it was stopped before its attempt, and still is: ${stillStopped.join(', ')}`);
    const { at, process, wallOffsetMs } = picture.notBefore;
    // A process that was not there when the EHR asked knows of it by the wall clock alone; if that was set meanwhile, it cannot know.
    const mayKnow = process === request.process || wallOffsetMs === this.clockOf(request.process);
    if (mayKnow && this.world.scheduler.now < at) {
      this.report('INV-18', `${id} was sent ${at - this.world.scheduler.now} ms before the EHR wanted to be asked again`);
    }
  }

  private checkApproval(id: string, picture: WritePicture): void {
    const { approval, planned: write } = picture;
    if (approval === null) return this.report('INV-4', `${id} was sent without an approval`);
    const row = this.world.matrix.rows.find((one) => one.kind === write.kind);
    const blocked = row?.tier === 'blocked';
    const persons = blocked ? 2 : (row?.persons ?? 1);
    if (blocked) this.checkSelected(id, picture);
    this.checkSecond(id, picture, persons);
    const person = this.people.get(approval.by);
    // Of two, one may go while the engine looks for the other.
    if (persons > 1) return;
    if (person?.active !== true)
      this.report('INV-4', `${id} was sent on the approval of "${approval.by}", who is no longer active`);
    else if (!person.roles.includes(approval.role))
      this.report('INV-4', `${id} was sent on the approval of a ${approval.role} who is none`);
    if (row?.approvers.includes(approval.role) !== true)
      this.report('INV-4', `${id} was approved by a ${approval.role}, who may not`);
  }

  /** Where two must approve, two have: different people, both still there with their roles. */
  private checkSecond(id: string, picture: WritePicture, persons: number): void {
    const { approval } = picture;
    if (approval === null || persons < 2) return;
    const all = [approval, ...(approval.with ?? [])];
    if (new Set(all.map((one) => one.by)).size < persons)
      this.report(
        'INV-14',
        `${id} was sent on the approval of ${all.map((one) => one.by).join(', ')}; ${persons} people must approve`,
      );
    if (all.some((one) => one.requestSha256 !== approval.requestSha256))
      this.report('INV-14', `${id} was approved by two people who saw different requests`);
    // Who was removed before the attempt was recorded is seen by the look after it.
    if (!picture.approversAtAttempt && !this.approversThere(picture))
      this.report('INV-4', `${id} was sent although one of its approvers had left before its attempt`);
  }

  /** What is blocked goes by one who selected it and others who approved it. */
  private checkSelected(id: string, { selectedBy, approval }: WritePicture): void {
    const all = approval === null ? [] : [approval, ...(approval.with ?? [])];
    if (selectedBy === null) this.report('INV-14', `${id} is blocked and was sent although nobody had selected it`);
    for (const { by, made, role } of all) {
      if (by === selectedBy || made !== 'person' || role !== clinicalOwner.roles[0])
        this.report('INV-14', `${id} is blocked, selected by ${selectedBy ?? 'nobody'}, and was sent on the approval of ${by}`);
    }
  }

  private approversThere({ approval, selectedBy }: WritePicture): boolean {
    if (approval === null) return false;
    if (selectedBy !== null && this.people.get(selectedBy)?.active !== true) return false;
    return [approval, ...(approval.with ?? [])].every(({ by, role }) => {
      const person = this.people.get(by);
      return person?.active === true && person.roles.includes(role);
    });
  }

  /** How far ahead the clock of a process is: it never goes back, also where the machine's was put right meanwhile. */
  private clockOf(process: string): number {
    return Math.max(this.world.wallOffsetMs, this.world.wallOffsetAtStart(process));
  }

  private patientOf({ planned: { eventId } }: WritePicture): string | null {
    const meant = this.meant.get(eventId);
    return meant === undefined ? null : patientName(meant.hospital, meant.patient);
  }

  private readChart(chart: Chart): void {
    const from = this.effectsSeen.get(chart.connection) ?? 0;
    for (const effect of chart.effects.slice(from)) if (effect.request !== null) this.checkEffect(effect);
    this.effectsSeen.set(chart.connection, chart.effects.length);
  }

  private checkEffect(effect: ChartEffect): void {
    const id = this.idOf(effect);
    const picture = this.pictureOf(effect);
    if (id === null || picture === undefined) return this.report('INV-7', `${effect.reference} was changed by no write`);
    const standing = this.effectsOf(id).filter((one) => one.live);
    if (standing.length > 1)
      this.report(
        'INV-1',
        `${id} stands in the chart ${standing.length} times: ${standing.map((one) => one.reference).join(', ')}`,
      );
    const meant = this.meant.get(picture.planned.eventId) ?? null;
    const hospital = hospitals.find((one) => one.connection === effect.connection);
    if (hospital?.tenant !== picture.planned.tenant)
      this.report('INV-11', `${id} of ${picture.planned.tenant} changed the chart of ${effect.connection}`);
    const subject = effect.reference.startsWith('Patient/') ? effect.reference : referenceOf(effect.resource.subject);
    if (subject !== picture.facts?.patient.reference)
      this.report('INV-17', `${id} was written for ${subject}, not for the patient approved`);
    const wanted = hospital?.patients[meant?.patient ?? -1];
    const chart = this.world.charts.get(effect.connection);
    const { compensates } = picture.planned;
    if (compensates !== undefined) this.takenBack.charted(id, compensates, effect, chart, (one) => this.idOf(one));
    if (meant !== null && chart?.withIdentifier('Patient', `urn:mrn|${wanted ?? ''}`, null).includes(subject) !== true) {
      this.report('INV-17', `${id} was written for ${subject}, who is not the patient of the event`);
    }
    if (effect.before !== null && effect.before !== picture.facts?.target?.versionId) {
      this.report(
        'INV-3',
        `${id} overwrote version ${effect.before} of ${effect.reference}; approved on version ${picture.facts?.target?.versionId ?? 'none'}`,
      );
    }
  }

  private compareRow(log: SimulatedLog, id: string, picture: WritePicture): void {
    const row = log.writes.get(id)?.row;
    const differs =
      row === undefined ||
      (row.version === picture.version &&
        (row.state.name !== picture.state.name ||
          row.attempts !== picture.attempts ||
          row.approval?.at !== picture.approval?.at));
    if (differs) this.report('INV-10', `the row of ${id} does not follow from its entries`);
  }

  private checkAgainstChart(id: string, picture: WritePicture): void {
    const effects = this.effectsOf(id);
    const standing = effects.filter((effect) => effect.live);
    const { name } = picture.state;
    if (name === 'committed' && standing.length === 0 && !effects.some((effect) => !effect.live)) {
      this.report('INV-2', `${id} is committed and in no chart`);
    }
    if (standing.length > 0 && !picture.charted && name !== 'unknown') {
      this.report('INV-2', `${id} stands in the chart at ${standing[0]?.reference ?? ''} and is called ${name}`);
    }
  }

  private checkTotals(): void {
    for (const log of this.world.disk.logs) {
      const own = [...this.pictures].filter(([, picture]) => picture.planned.tenant === log.tenant);
      if (own.length !== log.writes.size)
        this.report('INV-10', `${log.tenant} has ${log.writes.size} writes; its entries tell of ${own.length}`);
      for (const [id, picture] of own) {
        if (log.writes.get(id)?.row.version !== picture.version)
          this.report('INV-10', `the row of ${id} is not at the version of its entries`);
      }
    }
  }

  /** The write whose request made a change; `null`: it was somebody else's. */
  private idOf({ request }: ChartEffect): string | null {
    return request === null ? null : (this.writeOf.get(request) ?? null);
  }

  private pictureOf(effect: ChartEffect): WritePicture | undefined {
    return this.pictures.get(this.idOf(effect) ?? '');
  }

  private effectsOf(id: string): readonly ChartEffect[] {
    return [...this.world.charts.values()].flatMap((chart) => chart.effects.filter((effect) => this.idOf(effect) === id));
  }
}

/** The write whose request this is, from the bytes themselves. */
function idIn(body: string | null): string | null {
  if (body === null) return null;
  const resource = JSON.parse(body) as {
    identifier?: readonly { system?: string; value?: string }[];
    meta?: { tag?: readonly { system?: string; code?: string }[] };
  };
  const tag = resource.meta?.tag?.findLast((one) => one.system === WRITE_SYSTEM)?.code;
  return tag ?? resource.identifier?.find((one) => one.system === WRITE_SYSTEM)?.value ?? null;
}

function contentOf(body: string | undefined): unknown {
  return body === undefined ? undefined : (JSON.parse(body) as { content?: unknown }).content;
}

function referenceOf(subject: unknown): string {
  return (subject as { reference?: string } | undefined)?.reference ?? '';
}
