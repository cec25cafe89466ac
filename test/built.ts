/** Before the tests: the program in JavaScript, as the package has it, which starts three times as fast as the sources. */
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The path of the command line's program. */
    program: string;
  }
}

const root = join(import.meta.dirname, "..");

export default async function setUp(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "autodidact-built-"));
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map((path) => join(root, "src", path));
  await build({
    entryPoints: sources,
    outdir: join(folder, "src"),
    outbase: join(root, "src"),
    format: "esm",
  });
  for (const name of ["bin", "package.json", "src"]) {
    cpSync(join(root, name), join(folder, name), {
      recursive: true,
      filter: (path) => !path.endsWith(".ts"),
    });
  }
  for (const name of ["node_modules", "recipes"]) {
    symlinkSync(join(root, name), join(folder, name), "junction");
  }
  project.provide("program", join(folder, "bin/autodidact.mjs"));
  return () => rmSync(folder, { recursive: true, force: true });
}
