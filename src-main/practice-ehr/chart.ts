import { randomUUID } from 'node:crypto';
import type { ExactObject, ExactValue } from '../../src-shared/fhir/index.ts';
import { asObject, asString, parseExact, stringifyExact } from '../../src-shared/fhir/index.ts';
import { limits } from '../../src-shared/limits/index.ts';
import { without, withServerMeta } from './exact-edit.ts';
import { applyJsonPatch } from './json-patch.ts';
import { Refusal, refusal } from './outcome.ts';
import type { PracticeProfile } from './profiles.ts';
import { INDEX_FORMAT, indexPlan, indexRows, marksOf } from './search-index.ts';
import type { JsonObject } from './search-paths.ts';
import type { SearchQuery } from './search-query.ts';
import type { SearchPage } from './search-run.ts';
import { runSearch } from './search-run.ts';
import type { Store, StoredVersion } from './store.ts';
import { validate } from './validate.ts';

/** How a write is tampered with by the faults in force; the plain server's writes use {@link PLAIN}. */
export interface WriteEffects {
  /** The resource is found by searches only this much later. */
  readonly searchLagMs: number;
  /** Paths of elements that vanish on the way into the chart. */
  readonly dropped: readonly (readonly string[])[];
  /** If-None-Exist is overlooked. */
  readonly raceCreate: boolean;
}

export const PLAIN: WriteEffects = { searchLagMs: 0, dropped: [], raceCreate: false };

/** The preconditions of a write, as the headers of RFC 9110 carry them. */
export interface Precondition {
  /** The version that If-Match names. */
  readonly ifMatch?: string | undefined;
  /** True for If-None-Match: *. */
  readonly mustBeNew?: boolean | undefined;
}

export interface WriteOptions extends Precondition {
  readonly effects?: WriteEffects;
  /** References that the transaction around this write is about to create. */
  readonly expected?: ReadonlySet<string>;
}

/** Writes since the server was started, those of faults and transactions included, loaded Bundles not. */
export interface ChartCounts {
  created: number;
  updated: number;
  deleted: number;
}

/**
 * The chart and what can be done to it: the interactions of https://hl7.org/fhir/R4/http.html without HTTP around them.
 *
 * Every method runs to its end without yielding, so requests cannot get in between the parts of one: a conditional create
 * looks and creates in one step. Refusals are thrown.
 */
export class Chart {
  readonly store: Store;
  readonly counts: ChartCounts = { created: 0, updated: 0, deleted: 0 };
  readonly profile: PracticeProfile;
  private readonly clock: () => number;
  private lastWrite = 0;

  constructor(store: Store, profile: PracticeProfile, clock: () => number) {
    this.store = store;
    this.profile = profile;
    this.clock = clock;
    this.renewIndex();
  }

  newId(): string {
    return randomUUID();
  }

  now(): number {
    return this.clock();
  }

  /** Runs several writes as one: all are kept and counted, or, when the work throws, none. */
  atomically<T>(work: () => T): T {
    const before = { ...this.counts };
    try {
      return this.store.transaction(work);
    } catch (error) {
      Object.assign(this.counts, before);
      throw error;
    }
  }

  /** The current version. Throws 404, or 410 when it was deleted. */
  read(type: string, id: string): StoredVersion {
    const found = this.store.current(type, id);
    if (found === undefined) throw refusal(404, 'not-found', `${type}/${id} is not known`);
    if (found.text === null) throw refusal(410, 'deleted', `${type}/${id} was deleted`);
    return found;
  }

  /** One version. Throws 404, or 410 for the version that records the deletion. */
  readVersion(type: string, id: string, versionId: string): StoredVersion {
    const current = this.store.current(type, id);
    const number = /^[1-9][0-9]{0,14}$/.test(versionId) ? Number(versionId) : undefined;
    const found = current === undefined || number === undefined ? undefined : this.store.version(current.rid, number);
    if (found === undefined) throw refusal(404, 'not-found', `${type}/${id} has no version ${versionId}`);
    if (found.text === null) throw refusal(410, 'deleted', `version ${versionId} of ${type}/${id} is its deletion`);
    return found;
  }

  /** Versions, newest first. Throws 404 for an id that was never used. */
  history(
    type: string,
    id: string | undefined,
    since: number,
    limit: number,
    offset: number,
  ): { total: number; page: StoredVersion[] } {
    if (id === undefined) return this.store.history({ type }, since, limit, offset);
    const current = this.store.current(type, id);
    if (current === undefined) throw refusal(404, 'not-found', `${type}/${id} is not known`);
    return this.store.history({ rid: current.rid }, since, limit, offset);
  }

  search(query: SearchQuery): SearchPage {
    this.catchUpIndex();
    return runSearch(this.store, query);
  }

  /** What If-None-Exist finds, before anything is created: nothing, or one. Throws 412 for more. */
  matchOne(query: SearchQuery): StoredVersion | undefined {
    const { matches } = this.search({ ...query, count: 2, offset: 0, sort: [], total: false, includes: [] });
    if (matches.length > 1)
      throw refusal(412, 'multiple-matches', 'more than one resource matches the criteria', 'http.If-None-Exist');
    return matches[0];
  }

  /** A create under a new id, or under one the caller chose. */
  create(type: string, resource: ExactObject, options: WriteOptions = {}, id: string = this.newId()): StoredVersion {
    return this.store.transaction(() => this.write(type, id, 'POST', resource, undefined, options, true));
  }

  /** Conditional create (https://hl7.org/fhir/R4/http.html#ccreate): the one match as it is, or a new resource. */
  createUnlessFound(
    type: string,
    resource: ExactObject,
    query: SearchQuery,
    options: WriteOptions,
  ): { version: StoredVersion; created: boolean } {
    return this.store.transaction(() => {
      const match = options.effects?.raceCreate === true ? undefined : this.matchOne(query);
      if (match !== undefined) return { version: match, created: false };
      return { version: this.create(type, resource, options), created: true };
    });
  }

  /** An update, or a create under the client's id. Throws 404, 409 or 412 as the profile has it, 422. */
  update(
    type: string,
    id: string,
    resource: ExactObject,
    options: WriteOptions = {},
  ): { version: StoredVersion; created: boolean } {
    return this.store.transaction(() => {
      const current = this.store.current(type, id);
      const live = current !== undefined && current.text !== null;
      this.check(current, options, `${type}/${id}`);
      if (!live && !this.profile.updateCreate)
        throw refusal(404, 'not-found', `${type}/${id} is not known, and this server gives ids itself`);
      return { version: this.write(type, id, 'PUT', resource, current, options, true), created: !live };
    });
  }

  /** A JSON Patch on the current version. Throws 404, 410, 409 or 412, 400, 422. */
  patch(type: string, id: string, patch: ExactValue, options: WriteOptions = {}): StoredVersion {
    return this.store.transaction(() => {
      const current = this.read(type, id);
      this.check(current, options, `${type}/${id}`);
      const patched = asObject(applyJsonPatch(exactOf(current), patch));
      if (patched === undefined) throw refusal(422, 'processing', 'the patch leaves no resource');
      if (asString(patched['resourceType']) !== type || asString(patched['id']) !== id) {
        throw refusal(422, 'processing', 'a patch may not change the type or the id of a resource');
      }
      return this.write(type, id, 'PATCH', patched, current, options, true);
    });
  }

  /** Deletes; deleting what is already deleted changes nothing. Throws 404, 409 or 412. */
  delete(type: string, id: string, options: WriteOptions = {}): StoredVersion {
    return this.store.transaction(() => {
      const current = this.store.current(type, id);
      if (current === undefined) throw refusal(404, 'not-found', `${type}/${id} is not known`);
      this.check(current, options, `${type}/${id}`);
      if (current.text === null) return current;
      const next = this.store.put(
        { type, id, version: current.version + 1, updated: this.writeTime(), method: 'DELETE', text: null },
        current.rid,
      );
      this.index(next, undefined);
      this.counts.deleted += 1;
      return next;
    });
  }

  /** Takes in a resource of a restored chart under its own id, unchecked. False when it is there already, unchanged. */
  restore(type: string, id: string, resource: ExactObject): boolean {
    const current = this.store.current(type, id);
    if (current !== undefined && current.text !== null) {
      const same = withServerMeta(resource, id, current.version, new Date(current.updated).toISOString());
      if (stringifyExact(same) === current.text) return false;
    }
    this.write(type, id, 'PUT', resource, current, {}, false);
    return true;
  }

  private check(current: StoredVersion | undefined, precondition: Precondition, name: string): void {
    const live = current !== undefined && current.text !== null;
    if (precondition.mustBeNew === true && live) throw refusal(412, 'conflict', `${name} exists already`, 'http.If-None-Match');
    if (this.profile.ifMatch === 'ignored') return;
    const { ifMatch } = precondition;
    if (ifMatch === undefined) {
      if (this.profile.ifMatch === 'required' && live)
        throw refusal(400, 'required', 'an update needs an If-Match header', 'http.If-Match');
      return;
    }
    if (live && (ifMatch === '*' || ifMatch === String(current.version))) return;
    const now = live ? `the current version is ${current.version}` : 'there is no current version';
    throw refusal(
      this.profile.versionConflictStatus,
      'conflict',
      `${name}: If-Match names version ${ifMatch}, ${now}`,
      'http.If-Match',
    );
  }

  private write(
    type: string,
    id: string,
    method: StoredVersion['method'],
    resource: ExactObject,
    current: StoredVersion | undefined,
    options: WriteOptions,
    checked: boolean,
  ): StoredVersion {
    const updated = this.writeTime();
    const version = (current?.version ?? 0) + 1;
    let exact = withServerMeta(resource, id, version, new Date(updated).toISOString());
    let text = stringifyExact(exact);
    let plain = JSON.parse(text) as JsonObject;
    if (checked) {
      const exists = (otherType: string, otherId: string): boolean =>
        this.store.exists(otherType, otherId) || options.expected?.has(`${otherType}/${otherId}`) === true;
      const issues = validate(plain, { exists });
      if (issues.length > 0) throw new Refusal(422, issues);
    }
    const { dropped, searchLagMs } = options.effects ?? PLAIN;
    if (dropped.length > 0) {
      exact = asObject(dropped.reduce<ExactValue>((value, path) => without(value, path), exact)) ?? exact;
      text = stringifyExact(exact);
      plain = JSON.parse(text) as JsonObject;
    }
    const next = this.store.put({ type, id, version, updated, method, text }, current?.rid);
    this.store.setMarks(next.rid, current?.text == null ? [] : marksOf(JSON.parse(current.text) as JsonObject), marksOf(plain));
    if (searchLagMs > 0) this.store.deferIndex(next.rid, this.clock() + searchLagMs);
    else this.index(next, plain);
    // What is restored is not a write of a client.
    if (checked) this.counts[current === undefined || current.text === null ? 'created' : 'updated'] += 1;
    return next;
  }

  private index(version: StoredVersion, plain: JsonObject | undefined): void {
    const plan = indexPlan(version.type);
    const before = version.version === 1 ? undefined : this.store.indexedText(version.rid);
    this.store.reindex(
      version.rid,
      version.type,
      before === undefined ? undefined : indexRows(plan, JSON.parse(before) as JsonObject),
      plain === undefined ? undefined : indexRows(plan, plain),
    );
  }

  /** Puts into the index what a lag has kept out of it until now. */
  private catchUpIndex(): void {
    const now = this.clock();
    if (!this.store.hasDue(now)) return;
    this.store.transaction(() => {
      for (const rid of this.store.takeDue(now)) this.indexCurrent(rid);
    });
  }

  private indexCurrent(rid: number): void {
    const current = this.store.currentByRid(rid);
    if (current !== undefined && current.text !== null) this.index(current, JSON.parse(current.text) as JsonObject);
  }

  private renewIndex(): void {
    const wanted = String(INDEX_FORMAT);
    if (this.store.setting('index-format') === wanted) return;
    this.store.transaction(() => {
      for (const rid of this.store.clearIndex()) this.indexCurrent(rid);
      this.store.setSetting('index-format', wanted);
    });
  }

  // Never earlier than the write before, whatever the clock does: history and _lastUpdated keep their order.
  private writeTime(): number {
    this.lastWrite = Math.max(this.lastWrite, Math.floor(this.clock()));
    return this.lastWrite;
  }
}

/** The exact value of a stored resource. */
export function exactOf(version: StoredVersion): ExactObject {
  const parsed = parseExact(version.text ?? '', limits.jsonDepthMax);
  const object = parsed.ok ? asObject(parsed.value) : undefined;
  if (object === undefined)
    throw new Error(`${version.type}/${version.id} version ${version.version} is not a JSON object in the chart`);
  return object;
}
