/** Before the tests: the sources in JavaScript, as the package has them, which load several times as fast. */
import { cpSync, existsSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

import type { Plugin } from "vitest/config";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The address of the folder of what was built, with a slash behind it. */
    built: string;
    /** The path of the command line's program. */
    program: string;
  }
}

const root = join(import.meta.dirname, "..");
const sources = join(root, "src");
const name = `autodidact-built-${process.pid}`;
const folder = join(tmpdir(), name);

/** What tests import of `src/` is taken from what was built, so that threads and processes start from it too. */
export function builtSources(): Plugin {
  let isWatching = false;
  return {
    name: "built-sources",
    enforce: "pre",
    configureVitest({ vitest }) {
      isWatching = vitest.config.watch; // what changes is read anew
    },
    config: () => ({ test: { server: { deps: { external: [new RegExp(name)] } } } }),
    resolveId(path, importer) {
      if (isWatching || importer === undefined || !/^\..*\.js$/.test(path)) return null;
      const wanted = resolve(dirname(importer), path);
      const inSources = relative(sources, wanted);
      const isSource = !inSources.startsWith("..") && existsSync(wanted.replace(/\.js$/, ".ts"));
      return isSource ? join(folder, "src", inSources) : null;
    },
  };
}

export default async function setUp(project: TestProject): Promise<() => void> {
  const entryPoints = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map((path) => join(sources, path));
  // Threads and processes of their tests load these.
  entryPoints.push(join(root, "test/drawn-batches.ts"), join(root, "test/modalities/toy.ts"));
  await build({ entryPoints, outdir: folder, outbase: root, format: "esm" });
  for (const path of ["bin", "package.json", "src"]) {
    cpSync(join(root, path), join(folder, path), {
      recursive: true,
      filter: (path) => !path.endsWith(".ts"),
    });
  }
  for (const path of ["bench", "node_modules", "recipes"]) {
    symlinkSync(join(root, path), join(folder, path), "junction");
  }
  project.provide("built", pathToFileURL(`${folder}/`).href);
  project.provide("program", join(folder, "bin/autodidact.mjs"));
  return () => rmSync(folder, { recursive: true, force: true });
}
