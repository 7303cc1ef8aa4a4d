import type { FaultPlan } from './fault-plan.ts';
import { Chart } from './chart.ts';
import { Control } from './control.ts';
import type { PracticeStats } from './control.ts';
import { FaultEngine } from './faults.ts';
import { CONTROL_PATH, FHIR_PATH, HttpServer } from './http.ts';
import { loadBundle } from './load.ts';
import type { LoadReport } from './load.ts';
import { practiceProfile } from './profiles.ts';
import { FhirService } from './service.ts';
import { Store } from './store.ts';

export { faultPlan, faultPlanJsonSchema } from './fault-plan.ts';
export type { FaultKind, FaultPlan } from './fault-plan.ts';
export type { PracticeStats } from './control.ts';
export type { LoadReport } from './load.ts';
export { practiceProfileNames } from './profiles.ts';

export type PracticeLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  details?: Readonly<Record<string, unknown>>,
) => void;

export interface PracticeEhrOptions {
  /** The SQLite file that holds the chart; made when it is not there, kept from run to run. `:memory:` keeps nothing. */
  readonly dataFile: string;
  /** 0 or left out: a free port. */
  readonly port?: number;
  /** `generic-r4` when left out; see {@link practiceProfileNames}. */
  readonly profile?: string;
  readonly faults?: FaultPlan;
  /** Bundle files, `.json` or `.json.gz`, loaded in this order before the server listens. */
  readonly load?: readonly string[];
  /** Of the faults' pseudo-random numbers, for plans that name none. 1 when left out. */
  readonly seed?: number;
  /** When given, every FHIR request must carry it; the control address does not ask for it. */
  readonly bearerToken?: string;
  readonly logger?: PracticeLog;
  /** Milliseconds since 1970; the system's clock when left out. Decides lastUpdated and when a search lag is over. */
  readonly clock?: () => number;
}

export interface PracticeEhr {
  /** FHIR base address, without a slash at its end. */
  readonly baseUrl: string;
  /** Address of faults, stats and effects, without a slash at its end. */
  readonly controlUrl: string;
  /** One per file of `load`. */
  readonly loaded: readonly LoadReport[];
  /** Puts a fault plan in force in place of the one before. Throws a ZodError when it is not valid. */
  setFaults(plan: FaultPlan): void;
  stats(): PracticeStats;
  /** Stops listening, drops what faults hold back, closes the chart. */
  close(): Promise<void>;
}

/**
 * Starts the practice EHR: a FHIR R4 server (https://hl7.org/fhir/R4/http.html) on 127.0.0.1 for demo, rehearsal and tests,
 * with faults that can be switched while it runs. For synthetic data only.
 *
 * Rejects when the profile is not known, the chart file is not one of its own, a Bundle cannot be loaded, the fault plan is not
 * valid, or the port is taken; nothing is left open then.
 */
export async function startPracticeEhr(options: PracticeEhrOptions): Promise<PracticeEhr> {
  const log = options.logger ?? ((): void => undefined);
  const onFault = (error: unknown): void => {
    log('error', 'the practice EHR made a mistake', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  };
  const profile = practiceProfile(options.profile ?? 'generic-r4');
  const faults = new FaultEngine(options.seed ?? 1);
  if (options.faults !== undefined) faults.set(options.faults);
  const store = new Store(options.dataFile);
  try {
    const chart = new Chart(store, profile, options.clock ?? Date.now);
    const loaded = (options.load ?? []).map((file) => {
      const report = loadBundle(chart, file);
      log('info', report.status === 'loaded' ? 'Bundle loaded' : 'Bundle skipped: it is in the chart already', { ...report });
      return report;
    });
    let origin = '';
    const base = (): string => `${origin}${FHIR_PATH}`;
    const control = new Control(chart, faults);
    const { bearerToken } = options;
    const service = new FhirService(chart, base, bearerToken !== undefined, onFault);
    const http = new HttpServer({ service, control, faults, bearerToken, onFault });
    origin = `http://127.0.0.1:${await http.listen(options.port ?? 0)}`;
    log('info', 'the practice EHR listens', { baseUrl: base(), profile: profile.name });
    return {
      baseUrl: base(),
      controlUrl: `${origin}${CONTROL_PATH}`,
      loaded,
      setFaults: (plan) => {
        faults.set(plan);
      },
      stats: () => control.stats(),
      close: async () => {
        await http.close();
        store.close();
      },
    };
  } catch (error) {
    store.close();
    throw error;
  }
}
