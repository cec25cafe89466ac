import { defineConfig } from "vitest/config";

/** Libraries of PyPI with the folders that we write: a command of its own, because they are large to install. */
export default defineConfig({
  test: {
    include: ["test/python/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    // Importing torch on a busy machine.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
