import { describe, expect, it } from 'vitest';
import { elementsFor, readAllowed, readRules, shapedFor } from './minimum-necessary.ts';

describe('what may be read', () => {
  it.each([
    ['Patient?identifier=urn%3Amrn%7C1', true],
    ['Patient?identifier=urn%3Amrn%7C1&_count=5', true],
    ['Patient/1', true],
    ['Patient/1/_history', true],
    ['metadata', true],
    ['Condition?patient=1&clinical-status=active&_elements=code&_count=200', true],
    ['Observation?patient=1&code=a%7Cb&date=2026-03-02T09%3A00%3A00Z', true],
    ['Patient', false],
    ['Patient?name=campbell', false],
    ['Patient?birthdate=1967', false],
    ['Patient?identifier=a&name=b', false],
    ['Patient?identifier:contains=a&_include=Patient:link', false],
    ['Condition?patient=1', false],
    ['Condition?clinical-status=active', false],
    ['Observation?patient=1&code=a', false],
    ['Observation?patient=1', false],
    ['DocumentReference?patient=1', false],
    ['Immunization?patient=1', false],
    ['Patient/1/$everything', false],
    ['Patient/1?_include=x', false],
    ['$export', false],
    ['metadata?mode=full', false],
    ['', false],
  ])('G2 %s: %s', (path, allowed) => {
    expect(readAllowed(path)).toBe(allowed);
  });

  it('G2 every list that is compared is asked for one patient, and never whole', () => {
    for (const rule of readRules.filter(({ purpose }) => purpose === 'compare-list')) {
      expect(rule.needs).toContain('patient');
      expect(rule.needs.every((name) => rule.by.includes(name))).toBe(true);
      expect(rule.elements).not.toBeNull();
    }
  });

  it('G2 what an EHR sends beyond the list is dropped', () => {
    const patient = {
      resourceType: 'Patient',
      id: '1',
      name: [{ family: 'Campbell' }],
      telecom: [{ value: '555' }],
      photo: [{}],
    };
    expect(shapedFor('identify', patient)).toEqual({ resourceType: 'Patient', id: '1', name: [{ family: 'Campbell' }] });
    expect(shapedFor('own-entry', patient)).toBe(patient);
    expect(() => elementsFor('compare-list', 'Patient')).toThrow(RangeError);
  });
});
