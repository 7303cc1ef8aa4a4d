import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src-shared,src-main,src-renderer,scripts,bench,e2e}/**/*.test.ts'],
    environment: 'node',
    globalSetup: 'scripts/vitest-global-setup.ts',
    setupFiles: 'scripts/vitest-setup.ts',
    // Processes rather than threads: tests open native databases and start programs, and a crash must take down one file only.
    pool: 'forks',
    // Vitest would leave one processor free; most tests here wait for programs they have started.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Tests wait for signals, never for time; on a loaded machine a command that opens a workspace takes its seconds.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A forgotten `only` would pass a run that left everything else out.
    allowOnly: false,
    coverage: {
      provider: 'v8',
      include: ['src-shared/**/*.ts', 'src-main/**/*.ts'],
      exclude: ['**/*.test.ts', '**/testing/**'],
      reporter: ['text-summary', 'html'],
      reportsDirectory: 'coverage',
    },
  },
});
