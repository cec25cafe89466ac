import { defineConfig } from "vitest/config";
import { builtSources } from "../built.js";

/** WebGPU on a software adapter: a command of its own, because its shaders are compiled for longer than all else takes. */
export default defineConfig({
  plugins: [builtSources()],
  test: {
    include: ["test/device/**/*.test.ts"],
    globalSetup: "test/built.ts",
    setupFiles: "test/each-file.ts",
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
