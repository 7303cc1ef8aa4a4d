import { OperationOutcomeError, allOk, created } from '@medplum/core';
import type { Operation, WithId } from '@medplum/core';
import { FhirRepository } from '@medplum/fhir-router';
import type { Bundle, OperationOutcome, Parameters, Reference, Resource } from '@medplum/fhirtypes';
import type { ExactObject, ExactValue } from '../../src-shared/fhir/index.ts';
import { asResource, historyBundle, searchBundle } from './answers.ts';
import type { Answer } from './answers.ts';
import { runBundle } from './bundle.ts';
import { capabilityStatement } from './capability.ts';
import type { Chart } from './chart.ts';
import { refusal } from './outcome.ts';
import { conditionQuery } from './request-context.ts';
import type { RequestContext } from './request-context.ts';
import { COUNT_DEFAULT, COUNT_MAX, parseSearch } from './search-query.ts';

/**
 * The chart as the router wants it: one object per request.
 *
 * The router's own reading of searches, conditions and version headers is too lenient for a server that others are tested
 * against (a misspelt If-None-Exist creates, an unreadable If-Match counts as none), so those are taken from the request
 * itself; what the router reads of them is not used.
 */
export class RequestRepository extends FhirRepository {
  private readonly chart: Chart;
  private readonly request: RequestContext;

  constructor(chart: Chart, request: RequestContext) {
    super();
    this.chart = chart;
    this.request = request;
  }

  override setMode(): void {
    // One database, one connection: there is no reader to switch to.
  }

  override generateId(): string {
    return this.chart.newId();
  }

  override createResource<T extends Resource>(resource: T): Promise<WithId<T>> {
    return this.answer(() => {
      const version = this.chart.create(resource.resourceType, exact(resource), this.request);
      return { kind: 'version', version, created: true };
    });
  }

  override async conditionalCreate<T extends Resource>(resource: T): Promise<{ resource: WithId<T>; outcome: OperationOutcome }> {
    let isNew = false;
    const answer = await this.answer<T>(() => {
      const query = conditionQuery(this.chart, resource.resourceType, this.request.ifNoneExist ?? '', this.request.ignored);
      const made = this.chart.createUnlessFound(resource.resourceType, exact(resource), query, this.request);
      isNew = made.created;
      return { kind: 'version', ...made };
    });
    return { resource: answer, outcome: isNew ? created : allOk };
  }

  override readResource<T extends Resource>(resourceType: string, id: string): Promise<WithId<T>> {
    return this.answer(() => ({ kind: 'version', version: this.chart.read(resourceType, id), created: false }));
  }

  override readVersion<T extends Resource>(resourceType: string, id: string, vid: string): Promise<WithId<T>> {
    return this.answer(() => ({ kind: 'version', version: this.chart.readVersion(resourceType, id, vid), created: false }));
  }

  override readHistory<T extends Resource>(resourceType: string, id: string): Promise<Bundle<WithId<T>>> {
    return this.answer<Bundle<WithId<T>>>(() => this.history(resourceType, id));
  }

  /** The history of a type, which the router has no word for. */
  readTypeHistory(resourceType: string): Promise<Bundle> {
    return this.answer<Bundle>(() => this.history(resourceType, undefined));
  }

  /** The CapabilityStatement. */
  capabilities(): Promise<Resource> {
    return this.answer(() => ({
      kind: 'document',
      text: capabilityStatement(this.chart.profile, this.request.base, this.request.secured),
    }));
  }

  /** A transaction or a batch. */
  bundle(bundle: ExactObject): Promise<Resource> {
    return this.answer(() => ({ kind: 'document', text: runBundle(this.chart, bundle, this.request) }));
  }

  override updateResource<T extends Resource>(resource: T): Promise<WithId<T>> {
    return this.answer(() => {
      const made = this.chart.update(resource.resourceType, resource.id ?? '', exact(resource), this.request);
      return { kind: 'version', ...made };
    });
  }

  override patchResource<T extends Resource>(
    resourceType: string,
    id: string,
    patch: Operation[] | Parameters,
  ): Promise<WithId<T>> {
    return this.answer(() => {
      const version = this.chart.patch(resourceType, id, patch as unknown as ExactValue, this.request);
      return { kind: 'version', version, created: false };
    });
  }

  override async deleteResource(resourceType: string, id: string): Promise<void> {
    await this.answer(() => ({ kind: 'version', version: this.chart.delete(resourceType, id, this.request), created: false }));
  }

  /** The router's search request is only asked for its type. */
  override search<T extends Resource>(searchRequest: { readonly resourceType: string }): Promise<Bundle<WithId<T>>> {
    return this.answer<Bundle<WithId<T>>>(() => {
      const { base, parameters, ignored } = this.request;
      const query = parseSearch(searchRequest.resourceType, parameters, {
        profile: this.chart.profile,
        ignored,
        filtersOnly: false,
      });
      return { kind: 'document', text: searchBundle(base, query, this.chart.search(query)) };
    });
  }

  override readReference<T extends Resource>(reference: Reference<T>): Promise<WithId<T>> {
    const [type = '', id = ''] = reference.reference?.split('/') ?? [];
    return this.readResource(type, id);
  }

  override readReferences(): Promise<never> {
    return unused();
  }

  override searchByReference(): Promise<never> {
    return unused();
  }

  override withTransaction(): Promise<never> {
    return unused();
  }

  private history(type: string, id: string | undefined): Answer {
    const { base, parameters } = this.request;
    let since = 0;
    let count = COUNT_DEFAULT;
    let offset = 0;
    for (const [name, value] of parameters) {
      if (name === '_format') continue;
      const time = name === '_since' ? Date.parse(value) : undefined;
      const number = (name === '_count' || name === '_offset') && /^[0-9]{1,9}$/.test(value) ? Number(value) : undefined;
      if (time !== undefined && !Number.isNaN(time)) since = time;
      else if (name === '_count' && number !== undefined) count = Math.min(number, COUNT_MAX);
      else if (name === '_offset' && number !== undefined) offset = number;
      else throw refusal(400, 'not-supported', `history has no parameter ${name}, or not with this value`, `http.${name}`);
    }
    const { total, page } = this.chart.history(type, id, since, count, offset);
    const next = offset + page.length < total && page.length > 0 ? offset + page.length : undefined;
    const address = id === undefined ? `${type}/_history` : `${type}/${id}/_history`;
    return { kind: 'document', text: historyBundle(base, address, parameters, page, total, next) };
  }

  // The router answers an unknown error with 400; a mistake in this server must show as what it is.
  private answer<T extends Resource>(work: () => Answer): Promise<WithId<T>> {
    try {
      return Promise.resolve(asResource<T>(work()));
    } catch (error) {
      if (error instanceof OperationOutcomeError) return Promise.reject(error);
      this.request.onFault(error);
      return Promise.reject(refusal(500, 'exception', 'the practice EHR made a mistake; its log says which'));
    }
  }
}

// Bodies are exact values all the way; only the router's types call them resources.
function exact(resource: Resource): ExactObject {
  return resource as unknown as ExactObject;
}

function unused(): Promise<never> {
  return Promise.reject(new Error('the routes that need this are not served'));
}
