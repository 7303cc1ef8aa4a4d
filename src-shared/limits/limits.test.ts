import { describe, expect, it } from 'vitest';
import { contradictions, limits, type Limits } from './index.ts';

const names = Object.keys(limits) as readonly (keyof Limits)[];

describe('limits', () => {
  it.each(names)('%s is a whole number of one or more, with its unit at the end of its name', (name) => {
    expect(Number.isSafeInteger(limits[name])).toBe(true);
    expect(limits[name]).toBeGreaterThan(0);
    expect(name).toMatch(
      /(BytesMax|DepthMax|RatioMax|CharsMax|EventMax|InFlightMax|RetriesMax|Ms|EntriesMax|PageEntries|redirectsMax|EhrMax|attemptsMax|UpsMax|LooksMin|BacksMax|ConnectionMax|BatchMax|FailuresMax|RestsMax|RefusalsMax|checksMax|CandidatesMax|LooksMax|inFlightMax|MaxMs|ConnectionsMax|WindowsMax|StreamsMax|RowsMax|Rows|CachedMax|ShownMax|RememberedMax|SecondMax|SecretsMax|WritesMin|PercentMax|ChartedMin|PerMinuteMin|Percent|PagesMax|PerDrainMax|UsesMax)$/,
    );
  });

  it('contradict each other nowhere', () => {
    expect(contradictions(limits)).toEqual([]);
  });

  // What is changed to break a rule, and that rule.
  it.each<readonly [change: Partial<Limits>, rule: string]>([
    [{ recordBytesMax: limits.documentBytesMax + 1 }, 'recordBytesMax <= documentBytesMax'],
    [{ entryBodyBytesMax: limits.recordBytesMax * 2 }, 'recordBytesMax * 2 < entryBodyBytesMax'],
    [{ retryBaseMs: limits.retryCapMs + 1 }, 'retryBaseMs <= retryCapMs'],
    [{ lookUpBaseMs: limits.lookUpCapMs + 1 }, 'lookUpBaseMs <= lookUpCapMs'],
    [{ absenceLooksMin: limits.lookUpsMax + 1 }, 'absenceLooksMin <= lookUpsMax'],
    [{ connectTimeoutMs: limits.readTimeoutMs + 1 }, 'connectTimeoutMs <= readTimeoutMs'],
    [{ writeTimeoutMs: limits.readTimeoutMs - 1 }, 'readTimeoutMs <= writeTimeoutMs'],
    [{ quitSettleMs: limits.writeTimeoutMs }, 'writeTimeoutMs < quitSettleMs'],
    [{ searchPageEntries: limits.searchEntriesMax + 1 }, 'searchPageEntries <= searchEntriesMax'],
    [{ connectionsPerEhrMax: limits.inFlightPerConnectionMax - 1 }, 'inFlightPerConnectionMax <= connectionsPerEhrMax'],
    [{ claimBatchMax: limits.inFlightPerConnectionMax - 1 }, 'inFlightPerConnectionMax <= claimBatchMax'],
    [{ claimBatchMax: limits.inFlightMax - 1 }, 'inFlightMax <= claimBatchMax'],
    [{ inFlightMax: limits.inFlightPerConnectionMax - 1 }, 'inFlightPerConnectionMax <= inFlightMax'],
    [{ breakerOpenMs: limits.breakerOpenMaxMs + 1 }, 'breakerOpenMs <= breakerOpenMaxMs'],
    [{ clockJumpMaxMs: limits.clockSkewMaxMs + 1 }, 'clockJumpMaxMs <= clockSkewMaxMs'],
  ])('%j breaks "%s"', (change, rule) => {
    expect(contradictions({ ...limits, ...change })).toContain(rule);
  });
});
