import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { consolePage, mayOpenOutside, ownPath, screenOfArguments, screenOfLink } from './addresses.ts';

const id = 'abcdefghijklmnopqrstuvwxyz';

describe('I2 addresses of the window itself', () => {
  it.each([
    [consolePage, '/'],
    ['app://countersign/#/queue/open', '/'],
    ['app://countersign/assets/a.js?x=1', '/assets/a.js'],
    ['app://countersign/a/../../b', '/b'],
  ])('I2 %s is one', (address, path) => {
    expect(ownPath(address)).toBe(path);
  });

  it.each([
    'app://countersign.example/',
    'app://countersign@example/',
    'app://user:secret@countersign/',
    'app://countersign:80/',
    'app:countersign',
    'apps://countersign/',
    'https://countersign/',
    'file:///app://countersign/',
    'javascript:app://countersign/',
    'about:blank',
    'data:text/html,app://countersign/',
    'null',
    '',
  ])('I2 "%s" is none', (address) => {
    expect(ownPath(address)).toBeNull();
  });
});

describe('I2 addresses for the browser', () => {
  it.each(['https://hl7.org/fhir/R4/', 'https://www.hl7.org/fhir/R4/', 'https://profiles.ihe.net/'])('I2 %s', (address) => {
    expect(mayOpenOutside(address)).toBe(true);
  });

  it.each([
    'http://hl7.org/',
    'https://hl7.org.example/',
    'https://example/?https://hl7.org/',
    'https://hl7.org@example/',
    'https://user@hl7.org/',
    'https://hl7.org:8443/',
    'https://xhl7.org/',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'smb://hl7.org/share',
    'ms-msdt:/id',
    'not an address',
  ])('I2 never %s', (address) => {
    expect(mayOpenOutside(address)).toBe(false);
  });
});

describe('I2 addresses from outside', () => {
  it('I2 name a write, and that is all they can do', () => {
    expect(screenOfLink(`countersign://write/${id}`)).toBe(`/write/${id}`);
  });

  it.each([
    '--inspect=9229',
    '--remote-debugging-port=1',
    'javascript:alert(1)',
    'countersign://',
    'countersign://write/',
    `countersign://write/${id}/approve`,
    `countersign://write/${id}?tab=sent`,
    `countersign://write/${id}#/queue`,
    `countersign://write/${id}\n`,
    `countersign://write/${id} --no-sandbox`,
    `countersign://write/../${id}`,
    `countersign://write/%2e%2e/${id}`,
    `countersign://approve/${id}`,
    `COUNTERSIGN://write/${id}`,
    ` countersign://write/${id}`,
    'countersign://write/$(reboot)aaaaaaaaaaaa',
    'countersign://write/`reboot`aaaaaaaaaaaaa',
    `https://countersign/write/${id}`,
  ])('I2 "%s" is ignored', (text) => {
    expect(screenOfLink(text)).toBeNull();
    expect(screenOfArguments(['countersign', text])).toBeNull();
  });

  it('I2 of all arguments only such an address counts', () => {
    expect(screenOfArguments(['countersign', '--workspace', '/x', '--inspect', `countersign://write/${id}`])).toBe(
      `/write/${id}`,
    );
  });

  it('I2 whatever they hold, nothing but a known screen comes out', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const screen = screenOfLink(`countersign://write/${text}`);
        expect(screen === null || /^\/write\/[a-z2-7]{16,64}$/.test(screen)).toBe(true);
      }),
    );
  });
});
