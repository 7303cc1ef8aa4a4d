import { personAt, workspaceLog, type Person } from '../../src-shared/domain/index.ts';
import type { LedgerReader } from '../ports/outbound/index.ts';
import { verifySecret } from './secrets.ts';

/** A person who has proved to be who they say, and when (epoch milliseconds). */
export interface Session {
  readonly person: Person;
  readonly at: number;
}

export type SignInRefusal = 'person-unknown' | 'secret-wrong' | 'person-inactive';
export type SignIn =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly code: SignInRefusal; readonly message: string };

/**
 * A verifier of a secret that nobody has, with the usual parameters: an unknown person costs as much time as a wrong
 * secret, so that the time does not tell who is registered.
 */
const NOBODY = '$argon2id$v=19$m=65536,t=3,p=4$9s3YfMSkq0kXepsZtIBcTQ$WNAhqjKCkw1q1Fn5VBo0yUbg1p0J1hCeifNLJSvM5Ik';

/** Outwardly one refusal for both: whether the name or the secret was wrong is nobody's business who does not have both. */
const NOT_SIGNED_IN = 'The person or the secret is not right. Nothing was done.';

/**
 * Signs a local person in by their own secret (G3: nobody acts as another). That a person is no longer active is told
 * only to whoever has the secret.
 */
export async function signIn(
  ledger: Pick<LedgerReader, 'row'>,
  personId: string,
  secret: string,
  now: () => number = Date.now,
): Promise<SignIn> {
  const row = await ledger.row('person', workspaceLog, personId);
  const right = await verifySecret(row?.secretVerifier ?? NOBODY, secret);
  if (row === undefined) return { ok: false, code: 'person-unknown', message: NOT_SIGNED_IN };
  if (!right) return { ok: false, code: 'secret-wrong', message: NOT_SIGNED_IN };
  if (!row.active)
    return { ok: false, code: 'person-inactive', message: `"${row.id}" may no longer act here. Nothing was done.` };
  const at = now();
  const { id, name, roles, npi, active } = personAt(row, at);
  return { ok: true, session: { person: { id, name, roles, npi, active }, at } };
}
