import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { builtSources } from "./test/built.js";

/** They replace modules, which others may have loaded before. */
const replacing = [
  "src/data/images/{decode-ahead,known-set}.test.ts",
  "src/interop/hub/fetch-model.test.ts",
  "test/parity/translation-metrics.test.ts",
];

export default defineConfig({
  test: {
    pool: "forks",
    // Half of all tests wait for another process: two files at once also on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    setupFiles: "test/each-file.ts",
    projects: [
      {
        extends: true,
        plugins: [builtSources()],
        test: {
          name: "shared",
          include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          // npm run test:clients, test:device, test:package, test:page and test:python have these.
          exclude: [...configDefaults.exclude, ...replacing, "test/{clients,device,package,page,python}/**"],
          globalSetup: "test/built.ts",
          // Loading the modules anew for each file would take longer than its tests.
          isolate: false,
        },
      },
      { extends: true, test: { name: "alone", include: replacing } },
    ],
  },
});
