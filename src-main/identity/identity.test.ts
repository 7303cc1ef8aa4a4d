import { parseOptions } from '@node-rs/argon2';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { mayAct, workspaceLog, type PersonRow } from '../../src-shared/domain/index.ts';
import type { LedgerReader } from '../ports/outbound/index.ts';
import { createSecret, hashSecret, signIn, verifySecret } from './index.ts';

const verified = vi.hoisted(() => ({ parameters: [] as string[] }));
vi.mock('@node-rs/argon2', async (original) => {
  const real = await original<typeof Argon2>();
  return {
    ...real,
    verify: (verifier: string, ...rest: [string]) => {
      verified.parameters.push(verifier.split('$').slice(1, 4).join('$'));
      return real.verify(verifier, ...rest);
    },
  };
});
import type * as Argon2 from '@node-rs/argon2';

/** Enough to be Argon2id, too little to be safe: for tests alone. */
const weak = { memoryKiB: 64, passes: 1, lanes: 1 };

describe('G3 secrets', () => {
  it('G3 are 128 bits in readable groups, each another', () => {
    const secrets = Array.from({ length: 200 }, createSecret);
    for (const secret of secrets) expect(secret).toMatch(/^[a-z2-7]{5}(-[a-z2-7]{5}){3}-[a-z2-7]{6}$/);
    expect(new Set(secrets).size).toBe(200);
  });

  it('G3 are kept as Argon2id verifiers of 64 MiB, three passes, four lanes', async () => {
    const verifier = await hashSecret('secret');
    expect(verifier).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=4\$/);
    expect(parseOptions(verifier).saltLen).toBe(16);
    expect(await verifySecret(verifier, 'secret')).toBe(true);
    expect(await verifySecret(verifier, 'Secret')).toBe(false);
  });

  it('G3 are salted: the same secret gives another verifier each time', async () => {
    expect(await hashSecret('secret', weak)).not.toBe(await hashSecret('secret', weak));
  });

  it('G3 fit in whichever Unicode form they are typed', async () => {
    expect(await verifySecret(await hashSecret('Caf\u00e9', weak), 'Cafe\u0301')).toBe(true);
  });

  it.each([
    '',
    'secret',
    '$argon2id$',
    '$argon2id$v=19$m=64,t=1,p=1$AAAA',
    '$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAA',
    '$2b$10$abc',
  ])('G3 never fit what is no verifier: %j', async (verifier) => {
    expect(await verifySecret(verifier, 'secret')).toBe(false);
    expect(await verifySecret(verifier, '')).toBe(false);
  });
});

describe('G3 signing in', () => {
  const rows = new Map<string, PersonRow>();
  const ledger: Pick<LedgerReader, 'row'> = {
    row: (kind, tenant, key) =>
      Promise.resolve(kind === 'person' && tenant === workspaceLog ? (rows.get(key) as never) : undefined),
  };
  const now = (): number => 1_770_000_000_000;

  beforeAll(async () => {
    const person = { name: 'Dana Lee', npi: '1234567893', version: 1 };
    rows.set('dr-lee', {
      ...person,
      id: 'dr-lee',
      roles: ['clinician'],
      active: true,
      secretVerifier: await hashSecret('hers', weak),
    });
    rows.set('gone', {
      ...person,
      id: 'gone',
      roles: ['clinician'],
      active: false,
      secretVerifier: await hashSecret('old', weak),
    });
  });

  it('G3 opens a session for the person, without the verifier', async () => {
    expect(await signIn(ledger, 'dr-lee', 'hers', now)).toEqual({
      ok: true,
      session: { at: now(), person: { id: 'dr-lee', name: 'Dana Lee', roles: ['clinician'], npi: '1234567893', active: true } },
    });
  });

  it('G3 is refused with the secret of somebody else', async () => {
    expect(await signIn(ledger, 'dr-lee', 'old', now)).toMatchObject({ ok: false, code: 'secret-wrong' });
    expect(await signIn(ledger, 'dr-lee', '', now)).toMatchObject({ ok: false, code: 'secret-wrong' });
  });

  it('G3 does not tell an unknown person from a wrong secret', async () => {
    const unknown = await signIn(ledger, 'nobody', 'hers', now);
    const wrong = await signIn(ledger, 'dr-lee', 'wrong', now);
    expect(unknown).toMatchObject({ ok: false, code: 'person-unknown' });
    expect(!unknown.ok && !wrong.ok && unknown.message === wrong.message).toBe(true);
  });

  it('G3 does the same work for an unknown person', async () => {
    verified.parameters.length = 0;
    await signIn(ledger, 'nobody', 'hers', now);
    const usual = (await hashSecret('x')).split('$').slice(1, 4).join('$');
    expect(verified.parameters).toEqual([usual]);
  });

  it('G3 tells only whoever has the secret that the person is no longer active', async () => {
    expect(await signIn(ledger, 'gone', 'wrong', now)).toMatchObject({ ok: false, code: 'secret-wrong' });
    expect(await signIn(ledger, 'gone', 'old', now)).toMatchObject({ ok: false, code: 'person-inactive' });
  });

  it('G3 gives a session what the roles of the person allow, and no more', async () => {
    const signedIn = await signIn(ledger, 'dr-lee', 'hers', now);
    if (!signedIn.ok) throw new Error(signedIn.message);
    const { person } = signedIn.session;
    expect(mayAct(person, 'write.approve.medium')).toBe(true);
    expect(mayAct(person, 'write.approve.high')).toBe(false);
    expect(mayAct(person, 'person.add')).toBe(false);
  });

  it('G3 passes on that the ledger cannot be read, instead of refusing', async () => {
    const broken = { row: () => Promise.reject(new Error('SQLITE_IOERR')) };
    await expect(signIn(broken, 'dr-lee', 'hers', now)).rejects.toThrow('SQLITE_IOERR');
  });
});
