import { defineConfig } from 'vitest/config';

const minutes = 60_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts'],
          // It imports JSON in a way that Node itself does not take.
          server: { deps: { inline: [/@actions\/workflow-parser/] } },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/{e2e,corpus}/**/*.test.ts'],
          // Real compilers on a real engine: one file after the other.
          fileParallelism: false,
          testTimeout: 5 * minutes,
          hookTimeout: 20 * minutes,
        },
      },
    ],
  },
});
