/** What the subpaths hold, what importing them loads, and whether their types are found. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";
import { root, run, start } from "./project.js";

const project = inject("project");
const installed = join(project, "node_modules/autodidact");
const { exports, version } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
const subpaths = Object.keys(exports)
  .filter((path) => path !== "./package.json")
  .map((path) => `autodidact${path.slice(1)}`);
const place = temporaryFolder();

/** The JavaScript that a Node loads, by paths in the project; V8's coverage lists each file. */
async function loadedBy(...args: string[]): Promise<string[]> {
  const coverage = mkdtempSync(join(place, "coverage-"));
  const env = { ...process.env, NODE_V8_COVERAGE: coverage };
  const { code, stderr } = await start(process.execPath, args, { cwd: project, env }).end;
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const reports = readdirSync(coverage).map((name) => JSON.parse(readFileSync(join(coverage, name), "utf8")));
  const urls: string[] = reports.flatMap(({ result }) => result.map(({ url }: { url: string }) => url));
  return urls.filter((url) => url.startsWith("file:")).map((url) => url.replace(/^.*\/project\//, ""));
}

const importing = (name: string) => loadedBy("--input-type=module", "--eval", `import "${name}"`);

describe("importing", () => {
  it.each(subpaths)("%s", async (name) => {
    const names = `console.log(Object.keys(await import("${name}")).join(" "))`;
    const told = await run(process.execPath, ["--input-type=module", "--eval", names], project);
    expect(told.split(" ").length).toBeGreaterThan(2);
  });

  it("models loads neither ONNX Runtime nor sharp nor a server", async () => {
    const heavy = /onnxruntime|sharp|hono|serving|interop|recipe|tsx|esbuild/;
    expect(await importing("autodidact")).toContainEqual(expect.stringMatching(heavy));
    const loaded = await importing("autodidact/models");
    expect(loaded).toContainEqual(expect.stringMatching(/autodidact\/src\/models\/gpt2[.]js$/));
    expect(loaded.filter((path) => heavy.test(path))).toEqual([]);
  });
});

describe("the command line", () => {
  const program = join(installed, "bin/autodidact.mjs");

  it.each(["--version", "-V"])("tells its version before it loads anything: %s", async (flag) => {
    expect(await run(process.execPath, [program, flag], project)).toBe(`${version}\n`);
    expect(await loadedBy(program, flag)).toEqual(["node_modules/autodidact/bin/autodidact.mjs"]);
  });

  it("loads what reads TypeScript for a recipe alone", async () => {
    const loaded = await loadedBy(program, "generate", "--help");
    expect(loaded).toContainEqual(expect.stringMatching(/cli\/main[.]js$/));
    expect(loaded.filter((path) => /tsx|esbuild/.test(path))).toEqual([]);
  });
});

describe("types", () => {
  const names = subpaths.map((name, i) => `import * as part${i} from "${name}";`);
  const parts = subpaths.map((_, i) => `part${i}`).join(", ");
  writeFileSync(
    join(project, "types.mts"),
    `${names.join("\n")}
import { gpt2 } from "autodidact/models";
export const parts = [${parts}];
const length: number = gpt2({ vocabSize: 9, contextLength: 8, numLayers: 1, numHeads: 1, width: 4 }).contextLength;
// @ts-expect-error: it is a number, so its type is known
const wrong: string = gpt2({ vocabSize: 9, contextLength: 8, numLayers: 1, numHeads: 1, width: 4 }).contextLength;
export { length, wrong };
`,
  );
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  it.each([
    ["node16", "node16"],
    ["esnext", "bundler"],
  ])(
    "are found with module %s, moduleResolution %s, libraries checked as well",
    async (module, resolution) => {
      const flags = ["--noEmit", "--strict", "--target", "es2023", "--lib", "es2023,dom", "--types", "node"];
      // Every project for Node has Node's types.
      const nodeTypes = ["--typeRoots", join(root, "node_modules/@types")];
      const how = ["--module", module, "--moduleResolution", resolution, "--skipLibCheck", "false"];
      expect(
        await run(process.execPath, [compiler, ...flags, ...nodeTypes, ...how, "types.mts"], project),
      ).toBe("");
    },
  );
});
