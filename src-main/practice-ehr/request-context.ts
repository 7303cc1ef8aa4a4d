import type { Preference } from './answers.ts';
import type { Chart, Precondition, WriteEffects } from './chart.ts';
import { refusal } from './outcome.ts';
import { parseSearch } from './search-query.ts';
import type { SearchQuery } from './search-query.ts';

/** One request, as far as the router does not carry it. */
export interface RequestContext extends Precondition {
  readonly base: string;
  /** The parameters of the URL and of a search form, in their order. */
  readonly parameters: readonly (readonly [string, string])[];
  /** The text of If-None-Exist. */
  readonly ifNoneExist: string | undefined;
  readonly effects: WriteEffects;
  readonly ignored: ReadonlySet<string>;
  /** What the client wants back of what it writes; absent when it did not say. */
  readonly preference: Preference | undefined;
  /** Whether a bearer token is asked for. */
  readonly secured: boolean;
  /** Told of what should not happen; the client gets a 500. */
  readonly onFault: (error: unknown) => void;
}

/** The condition of a conditional create; HAPI's clients write the type in front of it (`Patient?identifier=...`). */
export function conditionQuery(chart: Chart, type: string, condition: string, ignored: ReadonlySet<string>): SearchQuery {
  const text = condition.startsWith(`${type}?`) ? condition.slice(type.length + 1) : condition;
  const query = parseSearch(type, new URLSearchParams(text), { profile: chart.profile, ignored, filtersOnly: true });
  // Without a filter every resource of the type would match: nobody means that.
  if (query.filters.length === 0 && ignored.size === 0)
    throw refusal(400, 'required', 'If-None-Exist holds no criteria', 'http.If-None-Exist');
  return query;
}

/** The version that an If-Match header names (`W/"3"`, `"3"` or `*`). Throws 400 when it cannot be read: it must not count as none. */
export function parseIfMatch(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const match = /^\s*(?:(?:W\/)?"([^"]+)"|(\*))\s*$/.exec(header);
  const version = match?.[1] ?? match?.[2];
  if (version === undefined) throw refusal(400, 'value', `If-Match must be one entity tag, not ${header}`, 'http.If-Match');
  return version;
}

/** Whether If-None-Match on a write asks that nothing be there. Throws 400 for anything but `*`. */
export function parseMustBeNew(header: string | undefined): boolean {
  if (header === undefined) return false;
  if (header.trim() !== '*') throw refusal(400, 'value', 'on a write only If-None-Match: * has a meaning', 'http.If-None-Match');
  return true;
}

/** The wish in a Prefer header (https://hl7.org/fhir/R4/http.html#ops). */
export function parsePreference(header: string | undefined): Preference | undefined {
  const wish = /(?:^|[,;\s])return\s*=\s*"?(minimal|representation|OperationOutcome)"?/.exec(header ?? '')?.[1];
  return wish as Preference | undefined;
}
