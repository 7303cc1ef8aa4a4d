import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ExactObject } from '../../src-shared/fhir/index.ts';
import { asArray, asObject, asString, parseExact } from '../../src-shared/fhir/index.ts';
import { limits } from '../../src-shared/limits/index.ts';
import type { Chart } from './chart.ts';
import { rewriteReferences } from './exact-edit.ts';
import { parseSearch } from './search-query.ts';

/** What became of one Bundle file. */
export interface LoadReport {
  readonly file: string;
  readonly sha256: string;
  /** `skipped`: the chart holds this very file already. */
  readonly status: 'loaded' | 'skipped';
  /** Resources new or changed in the chart. */
  readonly resources: number;
}

const BUNDLE_TYPES = new Set(['transaction', 'collection', 'batch', 'searchset']);

/**
 * Loads a Bundle file (`.json` or `.json.gz`) into the chart, in one transaction. Resources keep their own ids and are not
 * validated: a loaded chart is a restored chart. References by `urn:uuid:` become `Type/id`, conditional references what they
 * find in the chart; what finds nothing stays as it is.
 *
 * Throws an Error that names the file when it cannot be read, is not strict JSON or not a Bundle; nothing of it is loaded then.
 */
export function loadBundle(chart: Chart, file: string): LoadReport {
  const bytes = readFileSync(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (chart.store.loadedBundle(sha256) !== undefined) return { file, sha256, status: 'skipped', resources: 0 };
  const bundle = readBundle(file, bytes);
  const resources = chart.atomically(() => {
    const count = restoreAll(chart, file, bundle);
    chart.store.addLoadedBundle({ sha256, name: basename(file), resources: count }, chart.now());
    return count;
  });
  return { file, sha256, status: 'loaded', resources };
}

function readBundle(file: string, bytes: Uint8Array): ExactObject {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  let text: string;
  try {
    const plain = isGzip ? gunzipSync(bytes, { maxOutputLength: Math.max(bytes.length * limits.inflateRatioMax, 1024) }) : bytes;
    text = new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch (error) {
    throw new Error(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const parsed = parseExact(text, limits.jsonDepthMax);
  if (!parsed.ok) throw new Error(`${file}, line ${parsed.fault.line}, column ${parsed.fault.column}: ${parsed.fault.message}`);
  const bundle = asObject(parsed.value);
  if (
    bundle === undefined ||
    asString(bundle['resourceType']) !== 'Bundle' ||
    !BUNDLE_TYPES.has(asString(bundle['type']) ?? '')
  ) {
    throw new Error(`${file} is not a Bundle of type ${[...BUNDLE_TYPES].join(', ')}`);
  }
  return bundle;
}

function restoreAll(chart: Chart, file: string, bundle: ExactObject): number {
  const places = new Map<string, string>();
  const found: { readonly type: string; readonly id: string; readonly resource: ExactObject }[] = [];
  for (const [index, value] of asArray(bundle['entry']).entries()) {
    const entry = asObject(value);
    const resource = asObject(entry?.['resource']);
    if (resource === undefined) continue;
    const type = asString(resource['resourceType']) ?? '';
    const id = asString(resource['id']) ?? chart.newId();
    if (!chart.profile.types.has(type))
      throw new Error(`${file}, entry ${index}: "${type}" is not a resource type of this server`);
    if (!/^[A-Za-z0-9\-.]{1,64}$/.test(id)) throw new Error(`${file}, entry ${index}: "${id}" cannot be the id of a resource`);
    const fullUrl = asString(entry?.['fullUrl']);
    if (fullUrl !== undefined) places.set(fullUrl, `${type}/${id}`);
    found.push({ type, id, resource });
  }
  let count = 0;
  const conditional: typeof found = [];
  for (const { type, id, resource } of found) {
    let hasCondition = false;
    const whole = rewriteReferences(resource, (text) => {
      hasCondition ||= text.includes('?');
      return places.get(text);
    });
    const rewritten = asObject(whole) ?? resource;
    if (hasCondition) conditional.push({ type, id, resource: rewritten });
    else if (chart.restore(type, id, rewritten)) count += 1;
  }
  // Conditional references may find what the same Bundle brings, so they come last.
  for (const { type, id, resource } of conditional) {
    const whole = asObject(rewriteReferences(resource, (text) => resolveCondition(chart, text))) ?? resource;
    if (chart.restore(type, id, whole)) count += 1;
  }
  return count;
}

function resolveCondition(chart: Chart, text: string): string | undefined {
  const [type = '', condition] = text.split('?', 2);
  if (condition === undefined || !chart.profile.types.has(type)) return undefined;
  const rules = { profile: chart.profile, ignored: new Set<string>(), filtersOnly: true };
  const match = chart.matchOne(parseSearch(type, new URLSearchParams(condition), rules));
  return match === undefined ? undefined : `${match.type}/${match.id}`;
}
