import { queueAddress } from '../../components/address.ts';
import { type QueueFilter, type QueueTab, queueTabs, shapes } from '../../../src-shared/contract/index.ts';
import { failures, type FailureCode } from '../../../src-shared/domain/index.ts';

/** A list of the queue as its address names it: `#/queue/open?connection=main-ehr&state=unknown`. */

export const filterKeys = [
  'connection',
  'state',
  'code',
  'patient',
  'eventId',
  'tenant',
] as const satisfies readonly (keyof QueueFilter)[];
export type FilterKey = (typeof filterKeys)[number];

export const filterLabels: Readonly<Record<FilterKey, string>> = {
  connection: 'connection',
  state: 'state',
  code: 'cause',
  patient: 'patient',
  eventId: 'event',
  tenant: 'tenant',
};

export function tabOf(text: string | undefined): QueueTab {
  return queueTabs.find((tab) => tab === text) ?? 'open';
}

function isCode(text: string): text is FailureCode {
  return Object.hasOwn(failures, text);
}

/** The filter that the query of an address asks for; what is no filter or has no such value is left out. */
export function filterOf(query: string): QueueFilter {
  const given = new URLSearchParams(query);
  const filter: QueueFilter = {};
  for (const key of filterKeys) {
    const value = given.get(key)?.trim() ?? '';
    if (value === '') continue;
    if (key === 'state') {
      const state = shapes.stateNames.find((name) => name === value);
      if (state !== undefined) filter.state = state;
    } else if (key === 'code') {
      if (isCode(value)) filter.code = value;
    } else filter[key] = value.slice(0, longest[key]);
  }
  return filter;
}

/** What the contract lets a filter's text be at most, in characters. */
const longest = { connection: 64, tenant: 64, patient: 512, eventId: 256 } as const;

export function addressOf(tab: QueueTab, filter: QueueFilter): string {
  return queueAddress(tab, filter as Readonly<Record<string, string | undefined>>);
}

export function withoutKey(filter: QueueFilter, key: FilterKey): QueueFilter {
  const { [key]: _gone, ...rest } = filter;
  return rest;
}
