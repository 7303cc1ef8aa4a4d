import type { CapabilityStatement, CapabilityStatementRestResource } from '@medplum/fhirtypes';
import type { PracticeProfile } from './profiles.ts';
import { offeredParameters } from './search-query.ts';

const STATEMENT_DATE = '2026-03-01';

/** The CapabilityStatement (https://hl7.org/fhir/R4/capabilitystatement.html), made from what is served, as JSON text. */
export function capabilityStatement(profile: PracticeProfile, base: string, secured: boolean): string {
  const statement: CapabilityStatement = {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: STATEMENT_DATE,
    kind: 'instance',
    software: { name: 'Countersign practice EHR' },
    implementation: { description: `Practice data only. ${profile.title}.`, url: base },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    patchFormat: ['application/json-patch+json'],
    rest: [
      {
        mode: 'server',
        ...(secured ? { security: { description: 'A fixed bearer token (Authorization: Bearer).' } } : {}),
        resource: [...profile.types.keys()].sort().map((type) => resourceStatement(profile, type)),
        interaction: profile.transaction ? [{ code: 'transaction' }, { code: 'batch' }] : [],
      },
    ],
  };
  return JSON.stringify(statement);
}

function resourceStatement(profile: PracticeProfile, type: string): CapabilityStatementRestResource {
  const parameters = offeredParameters(type, profile);
  const interactions = profile.types.get(type) ?? new Set();
  const includes = parameters
    .filter((parameter) => parameter.kind === 'reference')
    .map((parameter) => `${type}:${parameter.code}`);
  return {
    type: type as CapabilityStatementRestResource['type'],
    profile: `http://hl7.org/fhir/StructureDefinition/${type}`,
    interaction: [...interactions].map((code) => ({ code })),
    versioning: profile.ifMatch === 'ignored' ? 'versioned' : 'versioned-update',
    readHistory: interactions.has('vread'),
    updateCreate: profile.updateCreate,
    conditionalCreate: profile.conditionalCreate === 'honoured',
    conditionalRead: 'not-match',
    conditionalUpdate: false,
    conditionalDelete: 'not-supported',
    referencePolicy: ['literal', 'logical'],
    ...(includes.length === 0 ? {} : { searchInclude: includes }),
    searchParam: [
      { name: '_id', type: 'token', definition: 'http://hl7.org/fhir/SearchParameter/Resource-id' },
      { name: '_lastUpdated', type: 'date', definition: 'http://hl7.org/fhir/SearchParameter/Resource-lastUpdated' },
      ...parameters.map(({ code, kind, url }) => ({ name: code, type: kind, definition: url })),
    ],
  };
}
