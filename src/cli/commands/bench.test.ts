import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { madeUpSide } from "../../../test/made-up-side.js";
import { printed } from "../../../test/printed.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import type { BenchSection, Workload } from "../../bench/bench.js";
import { BenchError } from "../../bench/side-process.js";
import { version } from "../version.js";
import { type Benched, benchCommand } from "./bench.js";

const folder = temporaryFolder();

function program(name: string, ready: object): string {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, madeUpSide(ready));
  return path;
}

const ours = program("ours", { parameters: 4e6, flopsPerUnit: 2e9 });
const theirs = program("theirs", { parameters: 4e6, gemmGflops: 29 });
writeFileSync(
  theirs,
  `if (process.env.YARDSTICK_COMPILE === "1") process.exit(3);\n${readFileSync(theirs, "utf8")}`,
);

const line: Workload = {
  ...{ name: "line", shape: "a line", unit: "points", unitsPerStep: 8, stepsPerTurn: 1, steps: 2 },
  ...{ worker: pathToFileURL(ours), yardstick: theirs, args: [] },
};
const plane: Workload = { ...line, name: "plane", unit: "dots", yardstick: undefined, onlyAsked: true };

/** Says what it was asked to measure. */
const counting: BenchSection = {
  parts: [{ name: "slow", onlyAsked: true }, { name: "fast" }],
  unmeasured: { counting: [] },
  measure: async (names, { seconds, announce, warn }) => {
    announce("counting");
    warn(`measured ${names.join(" and ")}`);
    return { results: { counting: names, seconds }, tables: ["| counted |"], versions: { abacus: "3.2" } };
  },
};
const other: BenchSection = {
  parts: [{ name: "other", onlyAsked: true }],
  measure: () => Promise.reject(new BenchError("it broke off", "other", "measure something else")),
};

const geometry: Benched = { bench: { workloads: [line, plane], sections: [] } };
const arithmetic: Benched = { bench: { workloads: [], sections: [counting, other] } };
const measure = (...args: string[]) => printed(benchCommand([geometry, arithmetic]), args);

describe("bench", () => {
  it("measures what a kind of data brings, all but what has to be asked for, and prints JSON", async () => {
    const result = JSON.parse(await measure("--json", "--no-torch", "--seconds", "7"));
    const keys = ["date", "machine", "device", "peakGflops", "training", "counting", "seconds", "warnings"];
    expect(Object.keys(result)).toEqual(keys);
    const trained = { unitsPerSecond: 80, peakBytes: 1e9, loss: 1.25 };
    const { name, shape, unit } = line;
    expect(result.training).toEqual([{ name, shape, unit, parameters: 4e6, gflops: 160, ours: trained }]);
    expect([result.counting, result.seconds]).toEqual([["fast"], 7]);
    expect(result.warnings).toEqual(["measured fast"]);
    expect(Date.parse(result.date)).toBeGreaterThan(0);
    expect(result.peakGflops).toBeGreaterThan(0);
    expect(result.machine.cores).toBeGreaterThan(0);
  });

  it("measures only what is asked for", async () => {
    const training = JSON.parse(await measure("--json", "--only", "plane", "--steps", "1"));
    expect(training.training.map(({ name }: Workload) => name)).toEqual(["plane"]);
    expect([training.counting, training.warnings, training.torch]).toEqual([[], [], undefined]);
    const sections = JSON.parse(await measure("--json", "--only", "fast", "slow"));
    expect([sections.training, sections.counting]).toEqual([[], ["slow", "fast"]]);
    await expect(measure("--only", "other")).rejects.toThrow(/it broke off/);
  });

  it("prints a head, warnings, a table a unit and the tables of sections", async () => {
    const text = await measure("--only", "line", "plane", "fast", "--no-torch");
    const [head, warning, points, dots, counted, ...rest] = text.trimEnd().split("\n\n");
    const today = new Date().toISOString().slice(0, 7);
    expect(head).toMatch(
      new RegExp(`^${today}-\\d\\d, .*, \\d+ cores, .* memory, .*  \nautodidact ${version}, Node `),
    );
    expect(head).toMatch(/ONNX Runtime [\d.]+, abacus 3\.2; cpu: a matrix product reaches \d+ GFLOP\/s$/);
    expect(warning).toBe("**Warning:** measured fast");
    expect(points).toMatch(
      /^\| a training step on points, float32, AdamW \| points\/s \| PyTorch points\/s \|/,
    );
    expect(points).toMatch(/\| a line \(4\.0M\) \| 80 \| - \| - \| 160 \| \d+% \| 1\.0 GB \| - \|$/);
    expect(dots).toMatch(/^\| a training step on dots, float32, AdamW \| dots\/s \|/);
    expect([counted, rest]).toEqual(["| counted |", []]);
  });

  it("says when PyTorch is missing, or has no BLAS to speak of", async () => {
    const missing = JSON.parse(await measure("--json", "--only", "line", "--python", "/no/such/python"));
    expect([missing.torch, missing.training[0].pytorch]).toEqual([undefined, undefined]);
    expect(missing.warnings).toEqual([expect.stringMatching(/^\/no\/such\/python has no PyTorch.*apt-get/)]);
    // A Python that knows PyTorch's version, and runs the yardstick.
    const python = join(folder, "python");
    const script = `#!/bin/sh\n[ "$1" = -c ] && echo 2.0 || exec ${JSON.stringify(process.execPath)} "$@"\n`;
    writeFileSync(python, script, { mode: 0o755 });
    const { torch, training, warnings } = JSON.parse(
      await measure("--json", "--only", "line", "--python", python),
    );
    expect([torch, warnings]).toEqual(["2.0", [expect.stringMatching(/reference BLAS/)]]);
    const { form, forms, ...side } = training[0].pytorch;
    expect(side).toEqual({ unitsPerSecond: 80, peakBytes: 1e9, loss: 1.25, gemmGflops: 29 });
    // The one that cannot compile, as where no C++ compiler is installed, is left out of the trial.
    expect([form, Object.keys(forms)]).toEqual([
      "eager, threads asleep",
      ["eager, threads asleep", "eager, threads awake"],
    ]);
    expect(training[0].ratio).toEqual({ median: 1, min: 1, max: 1 });
  });

  it("offers what there is, and an example of each kind", () => {
    const command = benchCommand([geometry, {}, arithmetic]).exitOverride();
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text), writeErr: () => {} });
    command.outputHelp();
    const words = help.replace(/\s+/g, " ");
    expect(words).toContain("instead of all but plane, slow, other (choices:");
    expect(words).toContain('"line", "plane", "slow", "fast", "other")');
    expect(words).toContain("$ autodidact bench --only line plane $ autodidact bench --only slow fast");
    expect(() => command.parse(["--only", "cube"], { from: "user" })).toThrow(/cube/);
  });
});
