import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { startPracticeEhr } from '../index.ts';
import type { PracticeEhr, PracticeEhrOptions } from '../index.ts';

/** An answer with its body read. */
export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Practice extends PracticeEhr {
  /** A FHIR request; `path` is below the base. Resources go as FHIR JSON unless the headers say otherwise. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Got>;
  control(method: string, path: string, body?: unknown): Promise<Got>;
  /** A resource created through the front door; its id. */
  made(resource: unknown): Promise<string>;
}

/** A practice EHR for one test, ended when the test is over. In memory unless a file is named. */
export async function practice(options: Partial<PracticeEhrOptions> = {}): Promise<Practice> {
  const ehr = await startPracticeEhr({ dataFile: ':memory:', ...options });
  onTestFinished(() => ehr.close());
  return {
    ...ehr,
    call: (method, place, body, headers) => send(method, `${ehr.baseUrl}${place}`, body, headers),
    control: (method, place, body) => send(method, `${ehr.controlUrl}${place}`, body),
    made: async (resource) => {
      const { resourceType } = resource as { resourceType: string };
      const got = await send('POST', `${ehr.baseUrl}/${resourceType}`, resource);
      if (got.status !== 201) throw new Error(`${got.status}: ${got.text}`);
      return (JSON.parse(got.text) as { id: string }).id;
    },
  };
}

async function send(method: string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Got> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** A folder for one test, removed when it is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'practice-ehr-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export const KEY_SYSTEM = 'urn:countersign:write';

export const patient = {
  resourceType: 'Patient',
  identifier: [{ system: 'urn:mrn:north', value: '100234' }],
  name: [{ family: 'Campbell', given: ['Andrew', 'José'] }],
  birthDate: '1967-02-11',
  gender: 'male',
};

export function encounterOf(patientId: string): Record<string, unknown> {
  return {
    resourceType: 'Encounter',
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject: { reference: `Patient/${patientId}` },
  };
}

export function observationOf(patientId: string, key = 'w-1', more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    resourceType: 'Observation',
    identifier: [{ system: KEY_SYSTEM, value: key }],
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8480-6', display: 'Systolic blood pressure' }] },
    subject: { reference: `Patient/${patientId}` },
    effectiveDateTime: '2026-03-02T09:02:00Z',
    valueQuantity: { value: 128, unit: 'mm[Hg]', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
    ...more,
  };
}

export function ifNoneExist(key: string): Record<string, string> {
  return { 'if-none-exist': `identifier=${KEY_SYSTEM}|${key}` };
}

/** The parts of a Bundle that tests look at. */
export interface BundleRead {
  readonly type: string;
  readonly total?: number;
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly {
    readonly fullUrl?: string;
    readonly resource?: { readonly resourceType: string; readonly id: string; readonly [key: string]: unknown };
    readonly request?: { readonly method: string; readonly url: string };
    readonly response?: {
      readonly status: string;
      readonly location?: string;
      readonly etag?: string;
      readonly outcome?: unknown;
    };
  }[];
}

export function bundleOf(got: Got): BundleRead {
  return JSON.parse(got.text) as BundleRead;
}

/** Texts and places of the issues in an OperationOutcome. */
export function issuesOf(got: Got): { readonly code: string; readonly text: string; readonly expression: string | undefined }[] {
  const outcome = JSON.parse(got.text) as {
    readonly issue: readonly {
      readonly code: string;
      readonly details: { readonly text: string };
      readonly expression?: readonly string[];
    }[];
  };
  return outcome.issue.map(({ code, details, expression }) => ({ code, text: details.text, expression: expression?.[0] }));
}

export async function searchTotal(ehr: Practice, query: string): Promise<number | undefined> {
  return bundleOf(await ehr.call('GET', `/${query}`)).total;
}

/** True when the request ended without a whole answer. */
export async function wasCut(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => false,
    () => true,
  );
}
