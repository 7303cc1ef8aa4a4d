import { beforeEach, describe, expect, it } from 'vitest';
import { Bridge, type BridgeWindow } from './bridge.ts';
import { finding, TestUseCases } from './testing/use-cases.ts';
import { callFailure, contract, methodNames, notice, type MethodName, type Notice } from '../../src-shared/contract/index.ts';
import { mayAct, roles, type Role } from '../../src-shared/domain/index.ts';
import { person } from '../../src-shared/domain/testing/builders.ts';
import { limits } from '../../src-shared/limits/index.ts';

let useCases: TestUseCases;
let bridge: Bridge;
let window: BridgeWindow;
beforeEach(() => {
  useCases = new TestUseCases();
  bridge = new Bridge(useCases);
  window = bridge.open();
});

const id = 'a'.repeat(52);
const hash = '0'.repeat(64);

/** A request of the right shape for every method. */
const requests: { readonly [M in MethodName]: unknown } = {
  'session.people': {},
  'session.me': {},
  'session.sign-in': { person: 'sam', secret: 'sam-secret' },
  'session.unlock': { secret: 'sam-secret' },
  'session.lock': {},
  'session.sign-out': {},
  'session.active': {},
  'frame.read': {},
  'engine.pause': {},
  'engine.resume': {},
  'today.read': {},
  'queue.page': { tab: 'all', filter: {}, from: 0, count: 50 },
  'queue.rows': { ids: [id] },
  'queue.find': { text: 'scribe:1' },
  'write.read': { id },
  'write.texts': { id },
  'write.chart-now': { id },
  'write.approve': { id, seenSha256: hash, meaning: 'yes', acknowledged: [`${finding.rule}@${finding.path}`] },
  'write.sign-finding': { id, act: 'acknowledge', finding: `${finding.rule}@${finding.path}`, reason: 'seen' },
  'write.reject': { id, reason: 'no' },
  'write.retry': { id },
  'write.withdraw': { id, reason: 'no' },
  'write.resolve': { id, reason: 'done by hand' },
  'write.attest-found': { id, reference: 'Observation/1', reason: 'seen' },
  'write.attest-absent': { id, reason: 'looked' },
  'approvals.list': {},
  'connections.list': {},
  'connections.test': { name: 'practice' },
  'log.verify': {},
  'log.job': { job: 'x' },
  'log.cancel': { job: 'x' },
};

async function signIn(as: string, at = window): Promise<void> {
  const answer = await at.call('session.sign-in', { person: as, secret: `${as.replace('dr-', '')}-secret` });
  expect(answer.ok).toBe(true);
}

async function code(method: unknown, request: unknown, at = window): Promise<string> {
  const answer = await at.call(method, request);
  return answer.ok ? 'ok' : answer.failure.code;
}

describe('the gates of the process boundary', () => {
  const open = new Set<MethodName>(methodNames.filter((method) => contract[method].access === 'anyone'));

  it('G3 before sign-in only what anyone may ask is answered', async () => {
    expect([...open]).toEqual([
      'session.people',
      'session.me',
      'session.sign-in',
      'session.unlock',
      'session.lock',
      'session.sign-out',
    ]);
    for (const method of methodNames) {
      if (!open.has(method)) expect(await code(method, requests[method]), method).toBe('not-signed-in');
    }
    expect(useCases.calls).toEqual([]);
  });

  it.each(roles)('G3 %s may exactly what the table of roles says', async (role: Role) => {
    const some = person({ id: 'some', roles: [role] });
    useCases.register(some, 'some-secret');
    for (const method of methodNames) {
      const { access } = contract[method];
      if (access === 'anyone' || access === 'signed-in') continue;
      await signIn('some');
      await useCases.advance(1000);
      const got = await code(method, requests[method]);
      expect(got === 'role-forbids', `${method} by ${role}: ${got}`).toBe(!mayAct(some, access));
    }
  });

  it('G3 rights taken away count at once', async () => {
    await signIn('dr-lee');
    expect(await code('write.reject', requests['write.reject'])).toBe('ok');
    useCases.register(person({ id: 'dr-lee', roles: ['auditor'] }), 'lee-secret');
    expect(await code('write.reject', requests['write.reject'])).toBe('role-forbids');
    useCases.registered.delete('dr-lee');
    expect(await code('write.read', { id })).toBe('not-signed-in');
    expect(await code('session.me', {})).toBe('ok');
    expect(await window.call('session.me', {})).toEqual({ ok: true, value: null });
  });

  it.each([
    ['an unknown method', 'write.delete', {}],
    ['a name of every object', 'toString', {}],
    ['a prototype', '__proto__', {}],
    ['no name', undefined, {}],
    ['an object for a name', { toString: 'x' }, {}],
  ])('I2 refuses %s', async (_what, method, request) => {
    await signIn('sam');
    expect(await code(method, request)).toBe('method-unknown');
  });

  it.each([
    ['queue.page', { tab: 'all', filter: {}, from: -1, count: 50 }, 'from'],
    ['queue.page', { tab: 'all', filter: {}, from: 0, count: limits.queuePageRowsMax + 1 }, 'count'],
    ['queue.page', { tab: 'every', filter: {}, from: 0, count: 1 }, 'tab'],
    ['queue.page', { tab: 'all', filter: { sql: '1=1' }, from: 0, count: 1 }, 'filter'],
    ['write.read', { id: '../../etc/passwd' }, 'id'],
    ['write.read', { id, extra: 1 }, 'request'],
    ['write.read', null, 'request'],
    ['write.read', [], 'request'],
    ['write.read', JSON.parse(`{"id":"${id}","__proto__":{"admin":true}}`), 'request'],
    ['write.approve', { id, seenSha256: 'none', meaning: 'yes', acknowledged: [] }, 'seenSha256'],
    ['write.reject', { id, reason: '   ' }, 'reason'],
    ['write.reject', { id, reason: 'x'.repeat(limits.reasonCharsMax + 1) }, 'reason'],
    ['write.attest-found', { id, reference: 'https://elsewhere/Observation/1', reason: 'seen' }, 'reference'],
  ])('I2 %s refuses a request of the wrong shape: %j', async (method, request, named) => {
    await signIn('sam');
    const answer = await window.call(method, request);
    expect(answer.ok ? '' : answer.failure.code).toBe('request-invalid');
    expect(answer.ok ? '' : answer.failure.message.toLowerCase()).toContain(named.toLowerCase());
    expect(useCases.calls).toEqual(['signIn sam']);
  });

  it('I2 a flood of calls is refused, and passes', async () => {
    await signIn('sam');
    const codes = [];
    for (let at = 0; at < limits.bridgeCallsPerSecondMax + 5; at += 1) codes.push(await code('session.me', {}));
    expect(codes.filter((one) => one === 'too-many-requests')).toHaveLength(6);
    await useCases.advance(1001);
    expect(await code('session.me', {})).toBe('ok');
  });

  it('H5 a fault inside answers in an envelope, without its words, and is logged without them', async () => {
    await signIn('sam');
    useCases.fault = new Error('Campbell, Andrew has diabetes');
    const answer = await window.call('write.read', { id });
    expect(answer.ok).toBe(false);
    if (answer.ok) return;
    expect(callFailure.parse(answer.failure)).toMatchObject({
      code: 'internal',
      chart: 'unchanged',
      correlation: 'c'.repeat(26),
    });
    expect(JSON.stringify([answer, useCases.logged])).not.toContain('Campbell');
    expect(useCases.logged).toMatchObject([
      {
        event: 'call-failed',
        method: 'write.read',
        fault: 'Error',
        place: expect.stringMatching(/^test\.ts:\d+:\d+$/) as string,
      },
    ]);
  });

  it('I2 every refusal says what happened, whether the chart changed, and what to do', async () => {
    await signIn('ana');
    for (const method of methodNames) {
      const answer = await window.call(method, method.startsWith('session.') ? requests['write.read'] : requests[method]);
      if (answer.ok) continue;
      expect(callFailure.parse(answer.failure).message).toMatch(/^[A-Z"].*\.$/);
      expect(answer.failure.next).toMatch(/^[A-Z].*\.$/);
    }
  });
});

describe('sign-in and lock', () => {
  it('G4 a wrong secret is refused, and after several sign-in waits', async () => {
    for (let at = 0; at < limits.wrongSecretsMax; at += 1)
      expect(await code('session.sign-in', { person: 'sam', secret: 'guess' })).toBe('secret-wrong');
    expect(await code('session.sign-in', { person: 'sam', secret: 'sam-secret' })).toBe('sign-in-paused');
    // Another window does not help, another person is not held up.
    const other = bridge.open();
    expect(await code('session.sign-in', { person: 'sam', secret: 'sam-secret' }, other)).toBe('sign-in-paused');
    expect(await code('session.sign-in', { person: 'ana', secret: 'ana-secret' }, other)).toBe('ok');
    await useCases.advance(limits.signInPauseMs);
    expect(await code('session.sign-in', { person: 'sam', secret: 'sam-secret' })).toBe('ok');
  });

  it('G4 guesses sent side by side count one by one', async () => {
    await Promise.all(
      Array.from({ length: limits.wrongSecretsMax }, () => code('session.sign-in', { person: 'sam', secret: 'guess' })),
    );
    expect(await code('session.sign-in', { person: 'sam', secret: 'sam-secret' })).toBe('sign-in-paused');
  });

  it('G4 a lock lets nothing through but unlocking by the same person', async () => {
    await signIn('sam');
    await window.call('session.lock', {});
    expect(await code('write.read', { id })).toBe('session-locked');
    expect(await code('session.active', {})).toBe('session-locked');
    expect(await code('session.unlock', { secret: 'ana-secret' })).toBe('secret-wrong');
    expect(await window.call('session.me', {})).toMatchObject({ value: { locked: true, person: { id: 'sam' } } });
    expect(await code('session.unlock', { secret: 'sam-secret' })).toBe('ok');
    expect(await code('write.read', { id })).toBe('ok');
  });

  it('G4 idleness locks, by itself and told to the window; a sign of life puts it off', async () => {
    const told: Notice[] = [];
    window.onNotice((one) => told.push(one));
    await signIn('sam');
    await useCases.advance(limits.idleLockMs - 1);
    await window.call('session.active', {});
    await useCases.advance(limits.idleLockMs - 1);
    await bridge.tick();
    expect(told).toEqual([]);
    await useCases.advance(1);
    await bridge.tick();
    expect(told).toEqual([{ kind: 'session', state: 'locked' }]);
    expect(await code('write.read', { id })).toBe('session-locked');
  });

  it('G4 asking for things is no sign of life: a screen that refreshes itself does not keep a session open', async () => {
    await signIn('sam');
    for (let at = 0; at < 10; at += 1) {
      await useCases.advance(limits.idleLockMs / 10);
      await window.call('today.read', {});
    }
    expect(await code('today.read', {})).toBe('session-locked');
  });

  it('G4 after a working day a person signs in anew', async () => {
    await signIn('sam');
    for (let at = 0; at < limits.sessionMaxMs; at += limits.idleLockMs / 2) {
      await useCases.advance(limits.idleLockMs / 2);
      await window.call('session.active', {});
    }
    expect(await code('today.read', {})).toBe('not-signed-in');
  });

  it('G7 one window says nothing about another', async () => {
    await signIn('sam');
    const other = bridge.open();
    expect(await other.call('session.me', {})).toEqual({ ok: true, value: null });
    expect(await code('today.read', {}, other)).toBe('not-signed-in');
    window.close();
    expect(await code('today.read', {})).toBe('not-signed-in');
  });
});

describe('approving over the boundary', () => {
  it('G4 hands on the hash of what was on the screen', async () => {
    await signIn('dr-lee');
    expect(await code('write.approve', requests['write.approve'])).toBe('ok');
    expect(useCases.calls).toContain(`approve ${id} dr-lee ${hash} ${finding.rule}@${finding.path}`);
  });

  it('G4 tells how long ago the secret was given, and giving it again counts', async () => {
    await signIn('dr-lee');
    await useCases.advance(60_000);
    await window.call('write.approve', requests['write.approve']);
    expect(useCases.ages).toEqual([60_000]);
    await window.call('session.unlock', { secret: 'lee-secret' });
    await window.call('write.approve', requests['write.approve']);
    expect(useCases.ages).toEqual([60_000, 0]);
  });

  it('F3 a refusal for a finding nobody acknowledged says what to do, and so does one to waive it oneself', async () => {
    await signIn('dr-lee');
    expect(await window.call('write.approve', { id, seenSha256: hash, meaning: 'yes', acknowledged: ['other'] })).toMatchObject({
      failure: {
        code: 'findings-not-acknowledged',
        next: expect.stringContaining('Read each finding and mark it, then approve') as string,
      },
    });
    expect(await window.call('write.sign-finding', requests['write.sign-finding'])).toMatchObject({
      failure: { code: 'self-waiver', next: expect.stringContaining('Ask somebody else with that role') as string },
    });
    expect(useCases.calls).toContain(`acknowledge ${id} ${finding.rule}@${finding.path}`);
  });
});

describe('notices', () => {
  const collect = (at = window): Notice[] => {
    const told: Notice[] = [];
    at.onNotice((one) => told.push(notice.parse(one)));
    return told;
  };

  it('H5 carry ids and revisions, and only to whoever is signed in and not locked', async () => {
    const told = collect();
    useCases.commit({ entries: 1, moved: true, writes: [id] });
    await useCases.advance(1000);
    expect(told).toEqual([]);
    await signIn('sam');
    useCases.commit({ entries: 2, moved: true, writes: [id] });
    useCases.commit({ entries: 1, moved: true, writes: ['b'.repeat(52)] });
    await useCases.advance(1000);
    expect(told).toEqual([{ kind: 'ledger', revision: 4, writes: [id, 'b'.repeat(52)] }]);
    await window.call('session.lock', {});
    useCases.commit({ entries: 1, moved: true, writes: [id] });
    await useCases.advance(1000);
    expect(told).toHaveLength(1);
  });

  it('H1 a reading that is put on record tells nobody to read again', async () => {
    await signIn('sam');
    const told = collect();
    await bridge.tick();
    useCases.commit({ entries: 1, moved: false, writes: [] });
    await useCases.advance(1000);
    await bridge.tick();
    expect(told).toEqual([]);
  });

  it('C5 what another process wrote is noticed', async () => {
    await signIn('sam');
    const told = collect();
    await bridge.tick();
    useCases.revisionNow += 3;
    await bridge.tick();
    await bridge.tick();
    expect(told).toEqual([{ kind: 'ledger', revision: 3, writes: null }]);
  });

  it('I1 the state of the engine is told, and can be changed by those who may', async () => {
    await signIn('sam');
    const told = collect();
    expect(await code('engine.pause', {})).toBe('ok');
    expect(told).toContainEqual({ kind: 'frame' });
    expect(await window.call('frame.read', {})).toMatchObject({ value: { engine: { state: 'paused', words: 'by sam' } } });
    useCases.engine.resume = async () => useCases.engineChanged({ state: 'elsewhere', words: 'It runs in process 7', since: 0 });
    expect(await window.call('engine.resume', {})).toMatchObject({
      failure: { code: 'engine-not-running', message: 'It runs in process 7.' },
    });
  });

  it('H2 a check of the log shows progress and its end, and one runs at a time', async () => {
    await signIn('ana');
    const told = collect();
    const started = await window.call('log.verify', {});
    const again = await window.call('log.verify', {});
    expect(started).toMatchObject({ ok: true, value: { state: 'running' } });
    const job = started.ok ? (started.value as { job: string }).job : '';
    expect(again.ok ? (again.value as { job: string }).job : '').toBe(job);
    await useCases.advance(0);
    expect(told.filter(({ kind }) => kind === 'job').length).toBeGreaterThan(1);
    expect(await window.call('log.job', { job })).toMatchObject({
      value: { state: 'done', done: 3, total: 3, report: { ok: true } },
    });
  });

  it('H2 a check of the log can be cancelled', async () => {
    await signIn('ana');
    const started = await window.call('log.verify', {});
    const job = started.ok ? (started.value as { job: string }).job : '';
    await window.call('log.cancel', { job });
    await useCases.advance(0);
    expect(await window.call('log.job', { job })).toMatchObject({ value: { state: 'cancelled', report: null } });
  });
});
