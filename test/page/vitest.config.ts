import { defineConfig } from "vitest/config";
import { builtSources } from "../built.js";

/** The pages in Chromium: a command of its own, because they wait for a browser a third as long as all other tests take. */
export default defineConfig({
  plugins: [builtSources()],
  test: {
    include: ["test/page/**/*.test.ts"],
    globalSetup: "test/built.ts",
    setupFiles: "test/each-file.ts",
    pool: "forks",
    maxWorkers: 2,
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
