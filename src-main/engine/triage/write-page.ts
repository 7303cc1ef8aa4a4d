import { eventsOf } from '../event-source.ts';
import type { EngineDeps } from '../deps.ts';
import { contractFor } from '../policy/in-force.ts';
import type { Headlines } from './headlines.ts';
import type { ChartNow, EvidenceSegment, Inspect, WritePage, WriteTexts } from '../../ports/inbound/index.ts';
import {
  actionsOf,
  contractRow,
  emergencyFor,
  type Actor,
  type BusinessEvent,
  type ClinicalItem,
  type Person,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import { asString, noteText, stringifyExact } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import type { Readings } from '../audit/readings.ts';

type PageDeps = Pick<EngineDeps, 'ledger' | 'matrix' | 'consentPolicy' | 'clock' | 'gateways'>;

/** Everything the screen of one write shows at once. */
export async function writePage(
  deps: PageDeps,
  reader: Inspect,
  headlines: Headlines,
  id: string,
  person: Person,
  actor: Actor,
): Promise<WritePage | undefined> {
  const view = await reader.write(id, actor);
  if (view === undefined) return undefined;
  const { row } = view;
  const contract = contractRow(await contractFor(deps, row.tenant, row.connection), row.kind);
  const siblings = await deps.ledger.writes({ tenant: row.tenant, group: row.group, limit: limits.writesPerEventMax });
  const { title, subject } = await headlines.listed(row);
  const now = deps.clock.now();
  return {
    view,
    title,
    subject,
    contract,
    actions: actionsOf(row, person, contract, now, emergencyFor(person, row, await deps.ledger.rows('emergency'), now)),
    siblings: await headlines.listedAll(siblings.filter((one) => one.id !== id)),
    evidence: await evidenceOf(deps, row),
  };
}

async function eventOf(deps: PageDeps, row: WriteRow): Promise<{ event: BusinessEvent; clinical: ClinicalItem } | null> {
  try {
    const { event, item } = await eventsOf(deps.ledger).itemOf(row);
    return { event, clinical: item.clinical };
  } catch {
    // Erased, or no longer readable: the page shows the rest and says so.
    return null;
  }
}

async function evidenceOf(deps: PageDeps, row: WriteRow): Promise<readonly EvidenceSegment[]> {
  const found = await eventOf(deps, row);
  const named = new Set(found?.clinical.item.evidence ?? []);
  return (found?.event.provenance?.transcript?.segments ?? [])
    .filter((segment) => named.has(segment.id))
    .map(({ id, speaker, start, confidence, text }) => ({
      id,
      speaker: speaker ?? null,
      start: start ?? null,
      confidence: confidence?.text ?? null,
      text: text ?? '',
    }));
}

/** What the model wrote, what the clinician made of it, and what was said. */
export async function writeTexts(deps: PageDeps, readings: Readings, id: string, actor: Actor): Promise<WriteTexts | undefined> {
  const row = await deps.ledger.findWrite(id);
  if (row === undefined) return undefined;
  await readings.record('texts', id, row.tenant, actor);
  const found = await eventOf(deps, row);
  if (found === null) return { draft: null, final: null, finalBy: null, transcript: null };
  const { event, clinical } = found;
  const { draft, model, transcript } = event.provenance ?? {};
  const segments = transcript?.segments?.map(({ speaker, text }) =>
    speaker === undefined ? (text ?? '') : `${speaker}: ${text ?? ''}`,
  );
  return {
    draft:
      draft === undefined
        ? null
        : {
            text: draft.text,
            model: model === undefined ? null : [model.name, model.version].filter((part) => part !== undefined).join(' '),
          },
    final: finalText(event, clinical),
    finalBy: event.approval?.by.name ?? event.approval?.by.id ?? null,
    transcript: transcript?.text ?? segments?.join('\n') ?? null,
  };
}

/** The narrative of the item, or of the visit's note where the item itself has none. */
function finalText(event: BusinessEvent, { item }: ClinicalItem): string | null {
  const own = 'sections' in item || 'text' in item ? item : event.content?.note;
  if (own === undefined || !('sections' in own || 'text' in own)) return null;
  return noteText({
    ...('sections' in own && own.sections !== undefined ? { sections: own.sections } : {}),
    ...('text' in own && own.text !== undefined ? { text: own.text } : {}),
  });
}

/** Reads the chart entry as it stands now and compares it with what was sent. Writes nothing to the EHR. */
export async function chartNow(
  deps: PageDeps,
  reader: Inspect,
  readings: Readings,
  id: string,
  actor: Actor,
): Promise<ChartNow | undefined> {
  const view = await reader.write(id, actor);
  if (view === undefined) return undefined;
  const { row, prepared, facts } = view;
  const { state } = row;
  const at = deps.clock.now();
  const reference = state.name === 'committed' ? state.evidence.reference : (facts?.target?.reference ?? null);
  if (reference === null)
    return { outcome: 'nothing', at, words: 'No chart entry of this write is known yet, so there is none to read.' };
  await readings.record('chart', reference, row.tenant, actor);
  const gateway = await deps.gateways.open(row.connection);
  if ('refused' in gateway) return { outcome: 'failed', at, words: gateway.message };
  const answer = await gateway.read(reference);
  if (answer.outcome === 'gone') return { outcome: 'nothing', at, words: `${reference} is no longer in the chart.` };
  if (answer.outcome === 'failed')
    return { outcome: 'failed', at, words: `The EHR could not be read now (${answer.code}). The chart was not changed.` };
  const { match } = answer;
  const comparison = prepared === null ? null : gateway.compare(prepared, match.resource);
  return {
    outcome: 'read',
    at,
    reference: match.reference,
    versionId: match.versionId ?? asString(match.resource['versionId']) ?? null,
    body: stringifyExact(match.resource),
    compared: comparison?.compared ?? null,
    differences: comparison?.differences ?? [],
  };
}
