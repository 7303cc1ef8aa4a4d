import type { EngineDeps } from '../deps.ts';
import { commitWrites, writeEntry } from '../write-commit.ts';
import type { Safety } from '../../ports/inbound/index.ts';
import type { Ledger } from '../../ports/outbound/index.ts';
import {
  actingRole,
  decideSafety,
  demandedVersions,
  sha256Hex,
  workspaceLog,
  type Actor,
  type SafetyFigure,
  type WriteState,
} from '../../../src-shared/domain/index.ts';
import { asArray, asObject, asString, Decimal, parseExact, type ExactValue } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** Runs of the corpus on record, and the versions that demand one (B7, F4). */
export function safety(deps: Pick<EngineDeps, 'ledger' | 'clock' | 'random' | 'sha256'>): Safety {
  const { ledger } = deps;
  return {
    async record(text, covers, meaning, person, actor) {
      const role = actingRole(person, 'safety.record');
      if (role === undefined) return { ok: false, code: 'role-forbids', message: `"${person.id}" may not record a run` };
      const figures = readFigures(text);
      if (figures === null)
        return { ok: false, code: 'safety-incomplete', message: 'the file is not the output of the safety bench' };
      const decision = decideSafety(figures, covers, meaning);
      if (!decision.ok) return decision;
      const id = deps.random.id();
      const at = deps.clock.now();
      const body = {
        ...{ id, at, by: person.id, name: person.name, role, meaning, figures, covers },
        figuresSha256: sha256Hex(deps.sha256, text),
      };
      await ledger.commit({
        tenant: workspaceLog,
        expected: [{ kind: 'safety', key: id, version: 0 }],
        entries: [{ type: 'safety.recorded', stream: `safety/${id}`, at, actor, patientKey: null, correlation: id, body }],
      });
      return { ok: true, record: { ...body, version: 1 }, released: await checkAgain(ledger, at, actor) };
    },

    async show() {
      const [records, paths] = await Promise.all([ledger.rows('safety'), ledger.rows('path')]);
      const demanded = demandedVersions(paths, records);
      const open = (path: (typeof paths)[number]) =>
        path.demanded.filter((one) => demanded.some((other) => other.kind === one.kind && other.version === one.version));
      return {
        records: records.toSorted((one, other) => one.at - other.at),
        demanded,
        paths: paths.map((path) => ({ ...path, demanded: open(path) })).filter((path) => path.demanded.length > 0),
      };
    },
  };
}

/** Writes that waited for a person because of a version are checked again: what is covered now goes by itself. */
async function checkAgain(ledger: Ledger, now: number, actor: Actor): Promise<number> {
  let released = 0;
  for (let after: string | undefined; ;) {
    const page = await ledger.writes({
      ...{ states: ['awaiting-approval'], code: 'version-unseen', limit: limits.claimBatchMax },
      ...(after === undefined ? {} : { after }),
    });
    for (const row of page) {
      // What one of two people has approved already is not taken from them.
      if (row.state.name !== 'awaiting-approval' || (row.state.given ?? []).length > 0) continue;
      const moves: readonly WriteState[] = [
        { name: 'held', hold: { code: 'version-unseen', liftedBy: 'clinical-owner' }, resume: 'draft' },
        { name: 'draft', nextAt: now, looks: 0 },
      ];
      const entry = writeEntry('write.released', row, now, actor, { id: row.id, moves });
      if ((await commitWrites(ledger, [row], [entry])).ok) released += 1;
    }
    after = page.at(-1)?.id;
    if (after === undefined) return released;
  }
}

/** The figures of `npm run bench -- safety --json`; `null` when it is something else. */
function readFigures(text: string): readonly SafetyFigure[] | null {
  const parsed = parseExact(text.trim(), limits.jsonDepthMax);
  const document = parsed.ok ? asObject(parsed.value) : undefined;
  if (asString(document?.bench) !== 'safety') return null;
  const figures = asArray(document?.figures).map(figureOf);
  return figures.some((one) => one === null) ? null : figures.filter((one) => one !== null);
}

function figureOf(value: ExactValue): SafetyFigure | null {
  const figure = asObject(value);
  const name = asString(figure?.name);
  const found = figure?.value;
  if (name === undefined || !(found instanceof Decimal)) return null;
  const goal = asObject(figure?.goal);
  if (goal === undefined) return { name, value: found.text, goal: null, met: true };
  const at = asString(goal.at);
  const wanted = goal.value;
  if ((at !== 'least' && at !== 'most') || !(wanted instanceof Decimal)) return null;
  const met = at === 'least' ? Number(found.text) >= Number(wanted.text) : Number(found.text) <= Number(wanted.text);
  return { name, value: found.text, goal: `at ${at} ${wanted.text}`, met };
}
