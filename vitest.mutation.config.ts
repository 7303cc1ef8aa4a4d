import { defineConfig } from 'vitest/config';

/** Only what decides, and only the tests beside it: a mutation that needs the whole engine to be noticed counts as missed. */
export default defineConfig({
  test: {
    include: ['src-shared/{domain,audit,fhir}/**/*.test.ts'],
    setupFiles: ['scripts/vitest-setup.ts'],
    environment: 'node',
    pool: 'forks',
    testTimeout: 60_000,
  },
});
