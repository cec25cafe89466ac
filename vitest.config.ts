import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // npm run test:clients and npm run test:package have these.
    exclude: [...configDefaults.exclude, "test/clients/**", "test/package/**"],
    // ONNX Runtime holds native threads; a process a file keeps its sessions apart.
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
