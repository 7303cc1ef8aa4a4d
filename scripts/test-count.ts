// Counts the results of a vitest run from its JSON report.

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The part of the report that is read here. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/**
 * What to count for a run that ended with this exit code and left this report, if it left one.
 *
 * Fails closed: a run that cannot be read, found nothing, or says it failed without naming a test counts as one failure.
 */
export function countVitest(report: VitestReport | null, exitCode: number | null): Count {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const file of report?.testResults ?? []) {
    let failedHere = 0;
    for (const { status } of file.assertionResults) {
      if (status === 'passed') passed += 1;
      else if (status === 'skipped' || status === 'todo' || status === 'disabled') skipped += 1;
      else failedHere += 1; // failed, or never finished
    }
    // A file that did not load, or whose setup failed, has no failed test to show for it.
    if (file.status !== 'passed' && failedHere === 0) failedHere = 1;
    failed += failedHere;
  }
  const foundNothing = passed + failed + skipped === 0;
  if (failed === 0 && (exitCode !== 0 || foundNothing)) failed = 1;
  return { passed, failed, skipped };
}
