import { describe, expect, it } from 'vitest';
import { addressOf, filterOf, tabOf, withoutKey } from './queue-address.ts';

describe('the address of a list', () => {
  it('H3 names tab and filters, and reads them back', () => {
    const filter = { connection: 'epic-main', state: 'unknown', patient: 'urn:mrn|1 2&3' } as const;
    const address = addressOf('open', filter);
    expect(address).toBe('/queue/open?connection=epic-main&state=unknown&patient=urn%3Amrn%7C1+2%263');
    expect(filterOf(address.split('?')[1] ?? '')).toEqual(filter);
    expect(addressOf('all', withoutKey(withoutKey({ tenant: 'x', code: 'chart-differs' }, 'code'), 'tenant'))).toBe('/queue/all');
  });

  it.each([
    ['state=nonsense', {}],
    ['code=constructor', {}],
    ['code=chart-differs', { code: 'chart-differs' }],
    ['connection=%20', {}],
    ['bogus=1', {}],
    [`tenant=${'x'.repeat(99)}`, { tenant: 'x'.repeat(64) }],
  ])('H3 %s is taken only when the contract knows it', (query, filter) => {
    expect(filterOf(query)).toEqual(filter);
  });

  it('H3 an unknown tab is the one with what is open', () => {
    expect([tabOf('committed'), tabOf('x'), tabOf(undefined)]).toEqual(['committed', 'open', 'open']);
  });
});
