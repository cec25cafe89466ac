import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

/** They replace modules, which others may have loaded before. */
const replacing = [
  "src/data/images/{decode-ahead,known-set}.test.ts",
  "src/interop/hub/fetch-model.test.ts",
  "test/parity/translation-metrics.test.ts",
];
/** They compute, and change nothing that others see. */
const computing = "test/{conformance,learning,parity}/**/!(translation-metrics).test.ts";

export default defineConfig({
  test: {
    pool: "forks",
    // Half of all tests wait for another process: two files at once also on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        // Loading the modules anew for each file would take longer than its tests.
        test: { name: "unit", include: ["src/**/*.test.ts", computing], exclude: replacing, isolate: false },
      },
      {
        extends: true,
        test: {
          name: "whole",
          include: [...replacing, "test/**/*.test.ts"],
          // npm run test:clients and npm run test:package have these.
          exclude: [...configDefaults.exclude, computing, "test/clients/**", "test/package/**"],
          globalSetup: "test/built.ts",
        },
      },
    ],
  },
});
