import type { EngineDeps } from '../deps.ts';
import type { LedgerReader } from '../../ports/outbound/index.ts';
import {
  contractRow,
  readPolicyDocument,
  tightened,
  workspaceLog,
  type BaaRegister,
  type ConsentPolicy,
  type ContractMatrix,
  type ContractOverride,
  type ContractRow,
  type HouseRules,
  type PolicyDocument,
  type PolicyRow,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import { parseExact } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** The policies in force: what was approved in this workspace, and what is shipped where nothing was. */

export type PolicyDeps = Pick<EngineDeps, 'ledger' | 'matrix' | 'consentPolicy'>;

/** What was read of one ledger, by the place of its text in the log: that text never changes. */
interface Remembered {
  readonly documents: Map<number, PolicyDocument>;
  readonly contracts: Map<string, ContractMatrix>;
}
const remembered = new WeakMap<LedgerReader, Remembered>();

function memoryOf(ledger: LedgerReader): Remembered {
  let found = remembered.get(ledger);
  if (found === undefined) remembered.set(ledger, (found = { documents: new Map(), contracts: new Map() }));
  return found;
}

/**
 * The document that a log entry proposes. Rejects when it can no longer be read: then nothing may rest on it, and the
 * shipped policy must not quietly take its place.
 */
export async function documentAt(ledger: LedgerReader, seq: number): Promise<PolicyDocument> {
  const { documents } = memoryOf(ledger);
  const known = documents.get(seq);
  if (known !== undefined) return known;
  const entry = await ledger.entry(workspaceLog, seq);
  if (entry?.type !== 'policy.proposed' || entry.body === null) throw new Error(`log entry ${seq} holds no readable policy`);
  const { text } = entry.body as { text: string };
  const parsed = parseExact(text, limits.jsonDepthMax);
  const read = parsed.ok ? readPolicyDocument(plainNumbers(parsed.value)) : { ok: false as const, message: parsed.fault.message };
  if (!read.ok) throw new Error(`the policy in log entry ${seq} can no longer be used: ${read.message}`);
  documents.set(seq, read.document);
  return read.document;
}

/** Policies hold small whole numbers only (`persons`); the exact reader keeps them as text. */
export function plainNumbers(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/** The contract for one connection of one tenant, with its overrides; the version names everything it is made of. */
export async function contractFor(deps: PolicyDeps, tenant: string, connection: string): Promise<ContractMatrix> {
  const rows = await deps.ledger.rows('policy');
  const [house, ofTenant, ofConnection] = ['contract', `override tenant ${tenant}`, `override connection ${connection}`].map(
    (key) => rows.find((row) => row.key === key),
  );
  if (house === undefined && ofTenant === undefined && ofConnection === undefined) return deps.matrix;
  const { contracts } = memoryOf(deps.ledger);
  const name = [house, ofTenant, ofConnection].map((row) => row?.seq ?? '').join(' ');
  const known = contracts.get(name);
  if (known !== undefined) return known;
  const base = await contractOf(deps, house);
  const overrides: ContractOverride[] = [];
  for (const row of [ofTenant, ofConnection]) {
    const document = row === undefined ? undefined : await documentAt(deps.ledger, row.seq);
    if (document?.policy === 'override') overrides.push(document);
  }
  const contract = tightened(base, overrides);
  contracts.set(name, contract);
  return contract;
}

/** The contract of the house, without overrides. */
export async function houseContract(deps: PolicyDeps): Promise<ContractMatrix> {
  return contractOf(deps, await deps.ledger.row('policy', workspaceLog, 'contract'));
}

async function contractOf(deps: PolicyDeps, row: PolicyRow | undefined): Promise<ContractMatrix> {
  const document = row === undefined ? undefined : await documentAt(deps.ledger, row.seq);
  return document?.policy === 'contract' ? document : deps.matrix;
}

export async function consentPolicyInForce(deps: PolicyDeps): Promise<ConsentPolicy> {
  const row = await deps.ledger.row('policy', workspaceLog, 'consent');
  const document = row === undefined ? undefined : await documentAt(deps.ledger, row.seq);
  return document?.policy === 'consent' ? document : deps.consentPolicy;
}

/** The organization's own rules of content, or `null` while none have been approved. */
export async function houseRulesInForce(ledger: LedgerReader, tenant: string): Promise<HouseRules | null> {
  const row = await ledger.row('policy', workspaceLog, `house-rules ${tenant}`);
  const document = row === undefined ? undefined : await documentAt(ledger, row.seq);
  return document?.policy === 'house-rules' ? document : null;
}

/** The version of all rules that findings come from: those that are shipped, and the organization's own. */
export async function rulesVersion(deps: Pick<EngineDeps, 'ledger' | 'checks'>, tenant: string): Promise<string> {
  const house = await houseRulesInForce(deps.ledger, tenant);
  return house === null ? deps.checks.version : `${deps.checks.version}, house-rules ${house.version}`;
}

/** The register of agreements, or `null` while none has been approved. */
export async function baaRegisterInForce(ledger: LedgerReader): Promise<BaaRegister | null> {
  const row = await ledger.row('policy', workspaceLog, 'baa');
  const document = row === undefined ? undefined : await documentAt(ledger, row.seq);
  return document?.policy === 'baa' ? document : null;
}

/** The row of the contract in force for a write. */
export async function contractRowFor(
  deps: PolicyDeps,
  row: Pick<WriteRow, 'tenant' | 'connection' | 'kind'>,
): Promise<ContractRow> {
  return contractRow(await contractFor(deps, row.tenant, row.connection), row.kind);
}
