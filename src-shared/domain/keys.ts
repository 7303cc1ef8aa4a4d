import { base32, utf8, type Sha256 } from './hash.ts';

/** What makes one write the same write wherever it is met again (C1). Approval state is not part of it. */
export interface WriteKeyParts {
  readonly tenant: string;
  readonly connection: string;
  readonly patient: string;
  readonly encounter: string;
  readonly resourceType: string;
  readonly eventId: string;
  readonly eventVersion: number;
  readonly slot: string;
}

/** `identifier.system` under which a write's id stands in the chart. */
export const writeIdentifierSystem = 'urn:countersign:write';

/**
 * The write's id: base32 of SHA-256 over its parts, 52 characters, valid as a FHIR id. The same parts always give the
 * same id, on every machine; parts are joined as a JSON list so that no two different lists give the same text.
 */
export function writeId(parts: WriteKeyParts, sha256: Sha256): string {
  const list = [
    parts.tenant,
    parts.connection,
    parts.patient,
    parts.encounter,
    parts.resourceType,
    parts.eventId,
    parts.eventVersion,
    parts.slot,
  ];
  return base32(sha256(utf8(JSON.stringify(list))));
}

/**
 * The id of a write that takes back another one, and of its own group.
 *
 * @param nth how many were begun for it before
 */
export function compensationId(of: string, nth: number, sha256: Sha256): string {
  return base32(sha256(utf8(JSON.stringify(['compensates', of, nth]))));
}

/** The id of the group that one version of an event fans out into. */
export function groupId(tenant: string, eventId: string, eventVersion: number, sha256: Sha256): string {
  return base32(sha256(utf8(JSON.stringify(['group', tenant, eventId, eventVersion])))).slice(0, 26);
}
