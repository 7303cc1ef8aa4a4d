import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal } from './decimal.ts';

/** The number as a fraction of whole numbers, worked out from its digits alone. */
function fraction(text: string): { readonly top: bigint; readonly bottom: bigint } {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', decimals = ''] = mantissa.split('.');
  const power = Number(exponent) - decimals.length;
  const digits = BigInt(whole + decimals);
  return power >= 0 ? { top: digits * 10n ** BigInt(power), bottom: 1n } : { top: digits, bottom: 10n ** BigInt(-power) };
}
function sameNumber(left: string, right: string): boolean {
  const [one, other] = [fraction(left), fraction(right)];
  return one.top * other.bottom === other.top * one.bottom;
}

describe('Decimal', () => {
  const good = [
    '0',
    '-0',
    '1',
    '-1',
    '10',
    '0.0',
    '1.00',
    '0.010',
    '1e0',
    '1E5',
    '1e+5',
    '1e-5',
    '12345678901234567890.12345678901234567890',
    '1e400',
    '-1.5e-400',
  ];
  it.each(good)('C2 keeps %s as it is', (text) => {
    expect(Decimal.of(text).text).toBe(text);
    expect(Decimal.parse(text)?.text).toBe(text);
    expect(JSON.stringify({ a: Decimal.of(text), b: [Decimal.of(text)] })).toBe(`{"a":${text},"b":[${text}]}`);
  });

  const bad = [
    '',
    ' ',
    '1 ',
    ' 1',
    '1\n',
    '01',
    '-',
    '+1',
    '.5',
    '5.',
    '1e',
    '1e+',
    'e5',
    '--1',
    '1.2.3',
    '1e1.5',
    'NaN',
    'Infinity',
    '-Infinity',
    '0x1',
    '1_0',
    '1,5',
    '１',
    '1;"a"',
  ];
  it.each(bad)('C2 %j is none', (text) => {
    expect(Decimal.parse(text)).toBeUndefined();
    expect(() => Decimal.of(text)).toThrow(new RangeError(`not a decimal: ${JSON.stringify(text)}`));
  });

  it.each([
    // left, right -> the same characters, the same number
    ['1', '1', true, true],
    ['1', '1.0', false, true],
    ['1.00', '1.0', false, true],
    ['1e2', '100', false, true],
    ['1E2', '1e2', false, true],
    ['1e+2', '1e2', false, true],
    ['100', '10', false, false],
    ['0.1', '0.01', false, false],
    ['0', '-0', false, true],
    ['0', '0.000e99', false, true],
    ['1', '-1', false, false],
    ['12345678901234567890', '12345678901234567891', false, false],
    ['0.1', '0.1000000000000000055511151231257827', false, false],
    ['1e400', '1e401', false, false],
    ['1e400', '10e399', false, true],
    ['1e-400', '0', false, false],
    ['0.0010', '1e-3', false, true],
    ['1e99999999999999999999', '10e99999999999999999998', false, true],
    ['1e99999999999999999999', '1e99999999999999999998', false, false],
  ])('C7 %s and %s: the same characters %s, the same number %s', (left, right, exactly, numerically) => {
    const [one, other] = [Decimal.of(left), Decimal.of(right)];
    expect(one.equalsExactly(other)).toBe(exactly);
    expect(other.equalsExactly(one)).toBe(exactly);
    expect(one.equalsNumerically(other)).toBe(numerically);
    expect(other.equalsNumerically(one)).toBe(numerically);
  });

  const number = fc.stringMatching(/^-?(?:0|[1-9][0-9]{0,12})(?:\.[0-9]{1,12})?(?:[eE][+-]?[0-9]{1,2})?$/);
  // The same number spelled with more zeros or with its point moved.
  const respelled = number.chain((text) =>
    fc.tuple(fc.constant(text), fc.nat(4), fc.integer({ min: -6, max: 6 })).map(([given, zeros, shift]) => {
      const [mantissa = '', exponent = '0'] = given.toLowerCase().split('e');
      const [whole = '', decimals = ''] = mantissa.replace('-', '').split('.');
      const digits = `${whole}${decimals}${'0'.repeat(zeros)}`.replace(/^0+(?=\d)/, '');
      const power = Number(exponent) - decimals.length - zeros + shift;
      const moved =
        shift > 0
          ? `${digits.padStart(shift + 1, '0').slice(0, -shift)}.${digits.padStart(shift + 1, '0').slice(-shift)}`
          : digits + '0'.repeat(-shift);
      const spelled = `${given.startsWith('-') ? '-' : ''}${moved.replace(/^0+(?=\d)/, '')}e${power}`;
      return [given, spelled] as const;
    }),
  );

  it('C7 tells equal numbers as arithmetic on whole numbers does', () => {
    fc.assert(
      fc.property(number, number, (left, right) => {
        expect(Decimal.of(left).equalsNumerically(Decimal.of(right))).toBe(sameNumber(left, right));
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(respelled, ([left, right]) => {
        expect(sameNumber(left, right)).toBe(true);
        expect(Decimal.of(left).equalsNumerically(Decimal.of(right))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('C7 is not slowed down by an exponent as long as its writer liked', () => {
    const far = Decimal.of(`1e${'9'.repeat(1_000)}`);
    expect(far.equalsNumerically(Decimal.of(`10e${'9'.repeat(1_000)}`))).toBe(false);
    expect(far.equalsNumerically(far)).toBe(true);
  });
});
