import { describe, expect, it } from 'vitest';
import { ucumUnits } from './ucum.ts';

describe('UCUM by library', () => {
  it.each([
    ['mg/dL', true],
    ['mm[Hg]', true],
    ['10*3/uL', true],
    ['mL/min/{1.73_m2}', true],
    ['{score}', true],
    ['ug/kg/min', true],
    ['mmHg', false],
    ['mcg', false],
    ['IU', false],
    ['m\u0433', false],
    ['{two words}', false],
    ['', false],
    ['toString', false],
    ['mg/constructor', false],
    ['__proto__', false],
  ])('F1 %j is a unit: %s', (unit, valid) => {
    expect(ucumUnits.valid(unit)).toBe(valid);
  });

  it.each([
    [98.6, '[degF]', 'Cel', 37],
    [70, 'kg', 'g', 70_000],
    // How many equivalents a mole has, depends on the substance.
    [140, 'meq/L', 'mmol/L', null],
    [2, 'm[IU]/L', 'u[iU]/mL', 2],
    [2, '[iU]/L', 'U/L', null],
    [5, 'mg/dL', 'kg', null],
    [90, 'mg/dL', 'mmol/L', null],
    [1, 'mmHg', 'kPa', null],
  ])('F1 %d %s in %s is %j', (value, from, to, expected) => {
    const converted = ucumUnits.convert(value, from, to);
    if (expected === null) expect(converted).toBeNull();
    else expect(converted).toBeCloseTo(expected, 6);
  });
});
