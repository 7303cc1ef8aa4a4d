import { npiFault, systems } from './terminology.ts';

/** The shape of identifiers and of names of devices (F1): what can be told of one without asking who gave it. */

const SSN = 'http://hl7.org/fhir/sid/us-ssn';
const DEA = 'http://terminology.hl7.org/NamingSystem/usDEANumber';
const URI = 'urn:ietf:rfc:3986';

/** What is wrong with an identifier of a known system; `null` when its shape is right or the system is not known. */
export function identifierFault(system: string, value: string): string | null {
  switch (system) {
    case systems.npi:
      return npiFault(value);
    case SSN:
      // 20 CFR 422.103; none was ever given with a part of nothing but zeros.
      return /^(?!000)\d{3}-?(?!00)\d{2}-?(?!0000)\d{4}$/.test(value) ? null : 'is not formed like a social security number';
    case DEA:
      return deaFault(value);
    case URI:
      return /^[a-z][a-z0-9+.-]*:/i.test(value) ? urnFault(value) : 'is not a URI';
    default:
      return urnFault(system);
  }
}

/** Registration number of the DEA: two letters or a letter and a 9, six digits, the last digit of a weighted sum. */
function deaFault(value: string): string | null {
  const digits = /^[A-Z][A-Z9](\d{6})(\d)$/.exec(value);
  if (digits?.[1] === undefined) return 'is not formed like a DEA number';
  const sum = [...digits[1]].reduce((total, digit, at) => total + Number(digit) * (at % 2 === 0 ? 1 : 2), 0);
  return sum % 10 === Number(digits[2]) ? null : 'has the wrong DEA check digit';
}

/** A URN of one of the two kinds that FHIR uses for identity (RFC 9562; ITU-T X.660), if it is one. */
function urnFault(uri: string): string | null {
  if (/^urn:uuid:/i.test(uri))
    return /^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uri) ? null : 'is not formed like a UUID';
  if (/^urn:oid:/i.test(uri)) return /^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/i.test(uri) ? null : 'is not formed like an OID';
  return null;
}

/**
 * What is wrong with the name of a device: a UDI as it is read by people (GS1 General Specifications, application identifier
 * 01 and its check digit; 21 CFR 830.20), or a URN. `null` for a name of the site's own.
 */
export function deviceFault(name: string): string | null {
  if (!name.startsWith('(01)')) return urnFault(name);
  const identifier = /^\(01\)(\d{14})(?:\(|$)/.exec(name)?.[1];
  return identifier === undefined ? 'is not formed like a UDI' : gtinFault(identifier);
}

/** A GTIN of 14 digits: weights 3 and 1 from the right, as the check digit has none (GS1 General Specifications, 7.9). */
export function gtinFault(digits: string): string | null {
  if (!/^\d{14}$/.test(digits)) return 'is not formed like a device identifier of GS1';
  const sum = [...digits.slice(0, -1)].reduce((total, digit, at) => total + Number(digit) * (at % 2 === 0 ? 3 : 1), 0);
  return (10 - (sum % 10)) % 10 === Number(digits.at(-1)) ? null : 'has the wrong GS1 check digit';
}
