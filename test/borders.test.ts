/** The import order of the rooms, as .dependency-cruiser.cjs states it, holds; and breaking it is noticed. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import { describe, expect, it } from "vitest";

const config = createRequire(import.meta.url)("../.dependency-cruiser.cjs");
const root = join(import.meta.dirname, "..");

/** Every violation under `baseDir`/src as "rule: from -> to". */
async function violations(baseDir: string): Promise<string[]> {
  const { tsConfig: _resolvedByPath, ...options } = config.options;
  const { output } = await cruise(["src"], { ...options, ruleSet: config, validate: true, baseDir });
  return (output as ICruiseResult).summary.violations.map(
    ({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`,
  );
}

/** Violations in a project of these files. */
async function violationsOf(files: Record<string, string>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "borders-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    return await violations(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const imports = (path: string) => `import * as other from "${path}";\nexport const value = other;\n`;
const nothing = "export const nothing = 0;\n";

describe("borders", () => {
  it("hold", async () => {
    expect(await violations(root)).toEqual([]);
  });

  it.each([
    ["optim-imports-too-much", "src/optim/a.ts", "../models/b.js", "src/models/b.ts"],
    ["training-imports-too-much", "src/training/a.ts", "../generation/b.js", "src/generation/b.ts"],
    ["data-imports-too-much", "src/data/a.ts", "../features/b.js", "src/features/b.ts"],
    ["interop-imports-too-much", "src/interop/a.ts", "../training/b.js", "src/training/b.ts"],
    ["core-graph-imports-a-later-part", "src/core/graph/a.ts", "../ops/b.js", "src/core/ops/b.ts"],
    ["core-onnx-imports-a-later-part", "src/core/onnx/a.ts", "../runtime/b.js", "src/core/runtime/b.ts"],
    ["core-root-imports-a-part", "src/core/a.ts", "./graph/b.js", "src/core/graph/b.ts"],
    ["unknown-room", "src/index.ts", "./helpers/b.js", "src/helpers/b.ts"],
  ])("%s is noticed", async (rule, from, specifier, to) => {
    const found = await violationsOf({ [from]: imports(specifier), [to]: nothing });
    expect(found).toEqual([`${rule}: ${from} -> ${to}`]);
  });

  it.each(["fs", "node:fs/promises"])("Node's module %s is noticed in code for browsers", async (module) => {
    for (const file of ["src/files/memory.ts", "src/core/random.ts", "src/training/loop.ts"]) {
      expect(await violationsOf({ [file]: imports(module) })).toEqual([
        `runs-in-a-browser: ${file} -> ${module.replace("node:", "")}`,
      ]);
    }
    expect(await violationsOf({ "src/files/disk.ts": imports(module) })).toEqual([]);
  });

  it("ONNX Runtime is noticed outside of the runtime", async () => {
    const files = {
      "src/nn/a.ts": imports("onnxruntime-web/wasm"),
      "src/core/runtime/web.ts": imports("onnxruntime-web/wasm"),
    };
    expect(await violationsOf(files)).toEqual([
      "only-the-runtime-knows-onnx-runtime: src/nn/a.ts -> onnxruntime-web/wasm",
    ]);
  });

  it("a cycle of types is noticed", async () => {
    const found = await violationsOf({
      "src/nn/a.ts": 'import type { B } from "./b.js";\nexport type A = B[];\n',
      "src/nn/b.ts": 'import type { A } from "./a.js";\nexport type B = A[];\n',
    });
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((violation) => violation.startsWith("no-cycles"))).toBe(true);
  });
});
