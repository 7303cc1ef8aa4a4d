import { describe, expect, it } from 'vitest';
import { capabilityColumns, testWords } from './connection-words.ts';

const capability = {
  create: true,
  update: false,
  patch: false,
  read: true,
  conditionalCreate: true,
  versioning: null,
  searchParameters: ['patient', 'identifier'],
};

describe('I2 Connections', () => {
  it('says of every column what the server declares, and what it leaves unsaid', () => {
    expect(capabilityColumns.map(({ name, can }) => [name, can(capability)])).toEqual([
      ['Read', true],
      ['Create', true],
      ['Update', false],
      ['Patch', false],
      ['Create once', true],
      ['Versions', 'not said'],
      ['Search', 'identifier, patient'],
    ]);
  });

  it('sums a test up', () => {
    const report = {
      connection: 'a',
      ok: true,
      fhirVersion: '4.0.1',
      software: 'X',
      resources: { Task: capability },
      problems: [],
    };
    expect(testWords(report)).toBe('X, FHIR 4.0.1, 1 kind of resource');
    expect(testWords({ ...report, fhirVersion: null, software: null, resources: {} })).toBe(
      'software not named, FHIR version not named, 0 kinds of resource',
    );
  });
});
