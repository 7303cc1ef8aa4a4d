import { ZodError } from 'zod';
import { parseExact } from '../../src-shared/fhir/index.ts';
import { limits } from '../../src-shared/limits/index.ts';
import type { Reply } from './answers.ts';
import type { Chart } from './chart.ts';
import type { FaultPlan } from './fault-plan.ts';
import { faultPlan } from './fault-plan.ts';
import type { FaultEngine } from './faults.ts';
import type { Call } from './service.ts';

/** Counts that `GET controlUrl/stats` gives. */
export interface PracticeStats {
  /** FHIR requests taken in since the start, by method. */
  readonly requests: { readonly total: number; readonly byMethod: Readonly<Record<string, number>> };
  readonly committed: { readonly created: number; readonly updated: number; readonly deleted: number };
  /** One per fault of the plan in force, in its order. */
  readonly faults: readonly { readonly kind: string; readonly matched: number; readonly fired: number }[];
  /** Resources in the chart, deleted ones not counted. */
  readonly resources: Readonly<Record<string, number>>;
}

/** The control address: switches faults, counts, shows effects. It does not speak FHIR. */
export class Control {
  private readonly chart: Chart;
  private readonly faults: FaultEngine;
  private readonly requests = new Map<string, number>();

  constructor(chart: Chart, faults: FaultEngine) {
    this.chart = chart;
    this.faults = faults;
  }

  countRequest(method: string): void {
    this.requests.set(method, (this.requests.get(method) ?? 0) + 1);
  }

  stats(): PracticeStats {
    const total = [...this.requests.values()].reduce((sum, n) => sum + n, 0);
    return {
      requests: { total, byMethod: Object.fromEntries(this.requests) },
      committed: { ...this.chart.counts },
      faults: this.faults.counts(),
      resources: Object.fromEntries(this.chart.store.countByType().map(({ type, n }) => [type, n])),
    };
  }

  answer(call: Call): Reply {
    const actions = this.actions(call);
    const action = Object.hasOwn(actions, call.path) ? actions[call.path] : undefined;
    if (action === undefined) return json(404, { error: `nothing is served at ${call.path}` });
    const act = action[call.method];
    if (act === undefined)
      return { ...json(405, { error: `${call.method} is not served here` }), headers: { Allow: Object.keys(action).join(', ') } };
    return act();
  }

  private actions(call: Call): Readonly<Record<string, Readonly<Record<string, () => Reply>>>> {
    return {
      faults: {
        GET: () => json(200, this.faults.current()),
        PUT: () => this.setFaults(call),
        DELETE: () => {
          this.faults.set({ faults: [] });
          return { status: 204, headers: {}, body: undefined };
        },
      },
      stats: { GET: () => json(200, this.stats()) },
      effects: { GET: () => this.effects(new URLSearchParams(call.query)) },
      'reset-faults-seed': {
        POST: () => {
          this.faults.restart();
          return { status: 204, headers: {}, body: undefined };
        },
      },
    };
  }

  private setFaults(call: Call): Reply {
    const text = call.body.toString('utf8');
    // Read strictly first: a plan with a member twice is a mistake, whichever of the two was meant.
    const strict = parseExact(text, limits.jsonDepthMax);
    if (!strict.ok)
      return json(400, { error: `not JSON: ${strict.fault.message} (line ${strict.fault.line}, column ${strict.fault.column})` });
    try {
      const plan: FaultPlan = faultPlan.parse(JSON.parse(text));
      this.faults.set(plan);
      return json(200, plan);
    } catch (error) {
      if (!(error instanceof ZodError)) throw error;
      return json(422, {
        error: 'not a fault plan',
        issues: error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
      });
    }
  }

  private effects(query: URLSearchParams): Reply {
    const system = query.get('identifierSystem');
    if (system === null || system === '') return json(400, { error: 'identifierSystem is missing' });
    const counts = this.chart.store.countMarks(system, query.get('deleted') === 'true');
    return json(200, { identifierSystem: system, values: Object.fromEntries(counts.map(({ value, n }) => [value, n])) });
  }
}

function json(status: number, value: unknown): Reply {
  return { status, headers: { 'Content-Type': 'application/json; charset=utf-8' }, body: JSON.stringify(value) };
}
