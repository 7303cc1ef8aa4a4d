import { asArray, asObject, asString, type ExactObject } from '../../../src-shared/fhir/index.ts';
import type { ChartEffect } from './wire.ts';

interface Version {
  readonly versionId: string;
  readonly resource: ExactObject;
  readonly at: number;
  /** From when on a search finds it. */
  readonly indexedAt: number;
  readonly effect: ChartEffect;
}

interface ChartRecord {
  readonly reference: string;
  versions: Version[];
}

/** The chart of one EHR: resources with all their versions, and a record of every change that its auditor can ask for. */
export class Chart {
  readonly connection: string;
  readonly effects: ChartEffect[] = [];
  private readonly records = new Map<string, ChartRecord>();
  private readonly lag: () => number;
  private made = 0;

  /** @param lag milliseconds until a search finds a change */
  constructor(connection: string, lag: () => number) {
    this.connection = connection;
    this.lag = lag;
  }

  /** A new resource at a new address. */
  create(resource: ExactObject, at: number, request: number | null): ChartEffect {
    const type = asString(resource.resourceType) ?? 'Basic';
    return this.put(`${type}/${this.connection}-${(this.made += 1)}`, resource, at, request);
  }

  /** The next version of a resource. */
  put(reference: string, resource: ExactObject, at: number, request: number | null): ChartEffect {
    const record = this.records.get(reference) ?? { reference, versions: [] };
    this.records.set(reference, record);
    const number = this.effects.length;
    const effect: ChartEffect = {
      number,
      connection: this.connection,
      at,
      request,
      reference,
      // Never used twice, not even after the chart was put back.
      versionId: String(number + 1),
      before: record.versions.at(-1)?.versionId ?? null,
      resource,
      live: true,
    };
    record.versions.push({ versionId: effect.versionId, resource, at, indexedAt: at + this.lag(), effect });
    this.effects.push(effect);
    return effect;
  }

  /** The current version, or `undefined`. */
  current(reference: string): { readonly versionId: string; readonly resource: ExactObject } | undefined {
    return this.records.get(reference)?.versions.at(-1);
  }

  /** All versions, the newest first. */
  history(reference: string): readonly { readonly versionId: string; readonly resource: ExactObject }[] {
    return (this.records.get(reference)?.versions ?? []).toReversed();
  }

  references(type: string): readonly string[] {
    return [...this.records.keys()].filter(
      (reference) => reference.startsWith(`${type}/`) && this.current(reference) !== undefined,
    );
  }

  /**
   * Addresses of resources of a type that carry the identifier; `null`: all of the type.
   *
   * @param at as the index knows them at this time; `null`: as they are stored
   */
  withIdentifier(type: string, identifier: string | null, at: number | null): readonly string[] {
    return this.references(type).filter((reference) => {
      const known = this.records.get(reference)?.versions.findLast((version) => at === null || version.indexedAt <= at);
      return known !== undefined && (identifier === null || identifiersOf(known.resource).includes(identifier));
    });
  }

  /** Puts the chart back to how it stood at a time: what came later is gone. */
  restore(to: number): void {
    for (const record of this.records.values()) {
      for (const version of record.versions) if (version.at > to) version.effect.live = false;
      record.versions = record.versions.filter((version) => version.at <= to);
    }
  }
}

/** Identifiers of a resource as `system|value`. */
export function identifiersOf(resource: ExactObject): readonly string[] {
  return asArray(resource.identifier).map((one) => {
    const identifier = asObject(one);
    return `${asString(identifier?.system) ?? ''}|${asString(identifier?.value) ?? ''}`;
  });
}
