import { defineConfig } from "vitest/config";

/** The package as its users get it: a second command, because packing and installing take minutes. */
export default defineConfig({
  test: {
    include: ["test/package/**/*.test.ts"],
    globalSetup: "test/package/installed.ts",
    pool: "forks",
    testTimeout: 300_000,
    hookTimeout: 60_000, // folders with packages in them take long to remove
  },
});
