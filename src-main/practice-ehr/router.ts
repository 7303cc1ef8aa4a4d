import { allOk } from '@medplum/core';
import { FhirRouter } from '@medplum/fhir-router';
import type { FhirRepository } from '@medplum/fhir-router';
import type { ExactObject } from '../../src-shared/fhir/index.ts';
import { RequestRepository } from './repository.ts';

/** What a request asks for: the codes of https://hl7.org/fhir/R4/http.html, `bundle` for a transaction or batch. */
export interface RouteFound {
  readonly interaction: string;
  readonly type: string | undefined;
  readonly id: string | undefined;
}

// Handled here instead, or not offered. Transactions: the router copies entries member by member, which turns exact decimals into
// objects, and its transactions may be interleaved with other requests. Searches over all types, conditional updates, patches
// and deletes, and GraphQL: not offered.
const NOT_TAKEN = new Set(['batch', 'search-system', 'operation']);
const CONDITIONAL = new Set(['update', 'patch', 'delete']);

/** The REST routes: those of `@medplum/fhir-router`, without what it cannot do truly, with what it lacks. */
export class PracticeRouter extends FhirRouter {
  constructor() {
    super();
    const { routes } = this.router;
    const kept = routes.filter(({ data, path }) => {
      const interaction = data?.interaction ?? 'operation';
      return !NOT_TAKEN.has(interaction) && !(CONDITIONAL.has(interaction) && path.length === 1);
    });
    routes.splice(0, routes.length, ...kept);
    this.add('GET', 'metadata', async (_request, repository) => [allOk, await ours(repository).capabilities()]);
    this.add(
      'POST',
      '',
      async (request, repository) => [allOk, await ours(repository).bundle(request.body as ExactObject)],
      'batch',
    );
    this.add(
      'GET',
      ':resourceType/_history',
      async (request, repository) => [allOk, await ours(repository).readTypeHistory(request.params['resourceType'] ?? '')],
      'history-type',
    );
  }

  /** What the method and path ask for; `undefined` when nothing is served there. */
  route(method: string, path: string): RouteFound | undefined {
    const asked = method === 'HEAD' ? 'GET' : method;
    if (!isMethod(asked)) return undefined;
    const found = this.find(asked, path);
    if (found === undefined) return undefined;
    if (found.path === 'metadata') return { interaction: 'capabilities', type: undefined, id: undefined };
    const interaction = found.data?.interaction ?? 'operation';
    if (interaction === 'batch') return { interaction: 'bundle', type: 'Bundle', id: undefined };
    return { interaction, type: found.params['resourceType'], id: found.params['id'] };
  }

  /** The methods that are served at a path. */
  methodsAt(path: string): string[] {
    return METHODS.filter((method) => this.find(method, path) !== undefined);
  }
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

function isMethod(method: string): method is (typeof METHODS)[number] {
  return (METHODS as readonly string[]).includes(method);
}

function ours(repository: FhirRepository): RequestRepository {
  if (repository instanceof RequestRepository) return repository;
  throw new TypeError('the router was given a repository of another kind');
}
