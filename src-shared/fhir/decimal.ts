/**
 * A number as the text it was written with.
 *
 * FHIR decimals carry their precision in their characters (R4, datatypes, `decimal`): `1.00` and `1` are the same
 * quantity measured with different care. A JavaScript number keeps neither that nor more than 17 digits, so numbers
 * in clinical content are never turned into one.
 */
export class Decimal {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** The decimal with exactly this text, or `undefined` when the text is not a JSON number (RFC 8259, section 6). */
  static parse(text: string): Decimal | undefined {
    return NUMBER.test(text) ? new Decimal(text) : undefined;
  }

  /** The decimal with exactly this text. Throws a RangeError on anything that is not a JSON number. */
  static of(text: string): Decimal {
    const decimal = Decimal.parse(text);
    if (decimal === undefined) throw new RangeError(`not a decimal: ${JSON.stringify(text)}`);
    return decimal;
  }

  /** Writes the characters as they stand, so that serialization never changes a digit. */
  toJSON(): unknown {
    return rawJson(this.text);
  }

  /** True when both texts are the same characters. */
  equalsExactly(other: Decimal): boolean {
    return this.text === other.text;
  }

  /** True when both denote the same number, whatever their precision: `1.00` and `1`, `1e2` and `100`. */
  equalsNumerically(other: Decimal): boolean {
    return canonical(this.text) === canonical(other.text);
  }
}

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** Sign, significant digits and power of ten, without leading or trailing zeros: one spelling per number. */
function canonical(text: string): string {
  const match = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text);
  if (match === null) throw new RangeError(`not a decimal: ${JSON.stringify(text)}`);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  // BigInt, because an exponent is as long as its writer likes.
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}

// ECMA-262 (JSON.rawJSON): in every engine this runs on, not yet in the compiler's library.
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
