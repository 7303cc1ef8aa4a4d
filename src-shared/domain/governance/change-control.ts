import type { BusinessEvent } from '../business-event.ts';
import type { Connection, Role } from '../people.ts';

/**
 * Change control (B7): a path from one source over one connection is known with the versions it was begun with and those
 * that a recorded run of the corpus covers. Whatever else comes is decided by a person until a run is on record.
 */

export const versionKinds = ['model', 'prompt', 'contract', 'adapter', 'ehr'] as const;
export type VersionKind = (typeof versionKinds)[number];

/** What a write rests on; `null`: it has none, or nobody knows. */
export type PathVersions = Readonly<Record<VersionKind, string | null>>;

export interface VersionAt {
  readonly kind: VersionKind;
  readonly version: string;
}

/** A path, with what it was begun with and which versions came later without a run that covers them. */
export interface PathRow {
  readonly key: string;
  readonly version: number;
  readonly tenant: string;
  readonly source: string;
  readonly connection: string;
  readonly first: PathVersions;
  readonly demanded: readonly (VersionAt & { readonly since: number })[];
}

export interface PathChanged {
  readonly key: string;
  readonly source: string;
  readonly connection: string;
  /** What the path has now been begun with. */
  readonly first: PathVersions;
  /** Versions that demand a run of the corpus from now on. */
  readonly demanded: readonly VersionAt[];
}

/** One figure of a run, as text: it is shown and never computed with. */
export interface SafetyFigure {
  readonly name: string;
  readonly value: string;
  readonly goal: string | null;
  readonly met: boolean;
}

/** A run of the corpus that somebody answers for, and the versions it was made with. */
export interface SafetyRow {
  readonly id: string;
  readonly version: number;
  readonly at: number;
  readonly by: string;
  readonly name: string;
  readonly role: Role;
  readonly meaning: string;
  /** SHA-256 of the file of figures. */
  readonly figuresSha256: string;
  readonly figures: readonly SafetyFigure[];
  readonly covers: readonly VersionAt[];
}
export type SafetyRecorded = Omit<SafetyRow, 'version'>;

export function pathKey(source: string, connection: string): string {
  return `${source} ${connection}`;
}

/** `NAME@VERSION`, as kill switches name models and prompts. */
function versioned(name: string | undefined, version: string | undefined): string | null {
  if (name === undefined) return null;
  return version === undefined ? name : `${name}@${version}`;
}

/** The versions that a write of this event rests on. */
export function pathVersions(
  provenance: BusinessEvent['provenance'],
  connection: Pick<Connection, 'software'>,
  adapter: string,
  contract: string,
): PathVersions {
  const { model, promptTemplate } = provenance ?? {};
  return {
    model: versioned(model?.name, model?.version),
    prompt: versioned(promptTemplate?.id, promptTemplate?.version),
    contract,
    adapter,
    ehr: connection.software ?? null,
  };
}

export interface ChangeFacts {
  readonly versions: PathVersions;
  readonly path: PathRow | undefined;
  readonly records: readonly Pick<SafetyRow, 'covers'>[];
  /** Made-up people: what is there first is what the path begins with. Elsewhere each version needs a run. */
  readonly practice: boolean;
}

export interface ChangeDecision {
  /** Versions that no run covers: a person decides. */
  readonly unseen: readonly VersionAt[];
  /** What has to be put on record first; `null`: nothing. */
  readonly change: Pick<PathChanged, 'first' | 'demanded'> | null;
}

/** Which of the versions nobody has tried yet, and what of that is new. */
export function changeControl({ versions, path, records, practice }: ChangeFacts): ChangeDecision {
  const first: Record<VersionKind, string | null> = { ...(path?.first ?? NONE) };
  const unseen: VersionAt[] = [];
  let begun = path === undefined;
  for (const kind of versionKinds) {
    const version = versions[kind];
    if (version === null || first[kind] === version) continue;
    if (practice && first[kind] === null) {
      first[kind] = version;
      begun = true;
    } else if (!covered({ kind, version }, records)) unseen.push({ kind, version });
  }
  const demanded = unseen.filter((one) => !(path?.demanded ?? []).some((known) => same(one, known)));
  return { unseen, change: begun || demanded.length > 0 ? { first, demanded } : null };
}

const NONE: PathVersions = { model: null, prompt: null, contract: null, adapter: null, ehr: null };

function same(one: VersionAt, other: VersionAt): boolean {
  return one.kind === other.kind && one.version === other.version;
}

function covered(one: VersionAt, records: ChangeFacts['records']): boolean {
  return records.some(({ covers }) => covers.some((other) => same(one, other)));
}

/** The versions of all paths that still demand a run, each once. */
export function demandedVersions(paths: readonly PathRow[], records: ChangeFacts['records']): readonly VersionAt[] {
  const found: VersionAt[] = [];
  for (const { kind, version } of paths.flatMap(({ demanded }) => demanded)) {
    const one = { kind, version };
    if (!covered(one, records) && !found.some((other) => same(one, other))) found.push(one);
  }
  return found;
}

/** The plain notice: what changed, and what happens to writes that rest on it. */
export function changeWords(unseen: readonly VersionAt[]): string {
  const what = unseen.map(({ kind, version }) => `${WORDS[kind]} ${version}`).join(', ');
  return `no run of the corpus is on record for ${what}; until then a person decides, and what is queued waits`;
}

const WORDS: Readonly<Record<VersionKind, string>> = {
  model: 'the model',
  prompt: 'the prompt',
  contract: 'the contract',
  adapter: 'the adapter',
  ehr: 'the EHR software',
};

export type SafetyDecision =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: 'safety-incomplete' | 'safety-failed' | 'reason-missing'; readonly message: string };

/** Whether a run may be recorded as covering these versions: it has goals, and meets each of them. */
export function decideSafety(figures: readonly SafetyFigure[], covers: readonly VersionAt[], meaning: string): SafetyDecision {
  const goals = figures.filter(({ goal }) => goal !== null);
  if (goals.length === 0) return { ok: false, code: 'safety-incomplete', message: 'no figure of the run is held against a goal' };
  if (covers.length === 0)
    return { ok: false, code: 'safety-incomplete', message: 'name the versions that the run was made with' };
  const missed = goals.filter(({ met }) => !met);
  if (missed.length > 0)
    return { ok: false, code: 'safety-failed', message: `the run misses: ${missed.map(({ name }) => name).join('; ')}` };
  if (meaning.trim() === '') return { ok: false, code: 'reason-missing', message: 'say what the record means' };
  return { ok: true };
}
