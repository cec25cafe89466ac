import { spawnSync } from "node:child_process";
import { afterAll, describe, expect, inject, it } from "vitest";
import { batches, type DrawnOptions } from "../../../test/drawn-batches.js";
import { DataError } from "../../files/errors.js";
import { type Prefetch, prefetch } from "./prefetch.js";

const module = new URL("test/drawn-batches.js", inject("built"));
const opened: Prefetch[] = [];

function start(options: DrawnOptions, from = module): Prefetch {
  const made = prefetch(from, options);
  opened.push(made);
  return made;
}

afterAll(async () => {
  for (const made of opened) await made.close();
});

describe("batches of a thread", () => {
  // A thread takes most of a second to start.
  const ahead = start({ seed: 4, slow: 51, fails: 72 });

  it("are those without it, in any order of asking", async () => {
    const make = await batches({ seed: 4 });
    for (const index of [0, 1, 2, 3, 100, 101, 7, 7, 5]) {
      expect(await ahead.batch(index)).toEqual(await make(index));
    }
  });

  it("may be asked for at once", async () => {
    const asked = await Promise.all([3, 4, 3, 9].map((index) => ahead.batch(index)));
    expect(asked.map(({ label }) => label![0])).toEqual([3, 4, 3, 9]);
  });

  it("are made while the step's thread is blocked", async () => {
    await ahead.batch(50);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    const waited = ahead.waitedMs;
    await ahead.batch(51);
    // Begun after the block it would take 200 ms.
    expect(ahead.waitedMs - waited).toBeLessThan(190);
    await ahead.batch(60);
    const before = ahead.waitedMs;
    await ahead.batch(51);
    expect(ahead.waitedMs - before).toBeGreaterThan(150);
  });

  it("fail with the parts of the error, and only when they are asked for", async () => {
    expect((await ahead.batch(71)).label).toEqual(Int32Array.of(71));
    const error = await ahead.batch(72).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ name: "ShardError", what: "The batch is damaged", values: "batch 72" });
    expect(error.advice).toBe("prepare it again");
    expect((await ahead.batch(73)).label).toEqual(Int32Array.of(73));
  });

  it("fail with what stopped the module", async () => {
    const [refused, missing, empty] = [
      start({ seed: -1 }),
      start({ seed: 1 }, new URL("nowhere.js", module)),
      start({ seed: 1 }, new URL("../src/files/errors.js", module)),
    ];
    await expect(refused.batch(0)).rejects.toMatchObject({ name: "ShardError", values: "-1" });
    await expect(missing.batch(0)).rejects.toThrow(/Making a batch failed[\s\S]*nowhere/);
    await expect(empty.batch(0)).rejects.toThrow("the module makes no batches");
  });

  it("end with their thread", async () => {
    const ending = start({ seed: 4, exits: 3 });
    await ending.batch(0);
    await expect(ending.batch(3)).rejects.toThrow(/has ended[\s\S]*exit code 3/);
    await expect(ending.batch(0)).rejects.toThrow("has ended");
  });

  it("end when it is closed", async () => {
    const waiting = ahead.batch(0);
    await Promise.all([expect(waiting).rejects.toThrow("is closed"), ahead.close()]);
    await expect(ahead.batch(1)).rejects.toThrow("is closed");
    await ahead.close();
  });

  it("keep no process alive, unless it waits for them, from the sources too", () => {
    const source = new URL("../../../test/drawn-batches.ts", import.meta.url);
    const code = `
      import { prefetch } from ${JSON.stringify(new URL("./prefetch.ts", import.meta.url).href)};
      const { label } = await prefetch(new URL(${JSON.stringify(source.href)}), { seed: 1 }).batch(6);
      console.log("batch", label[0]);`;
    const flags = ["--import", "tsx", "--input-type=module", "--eval", code];
    const { stdout, stderr, status } = spawnSync(process.execPath, flags, {
      timeout: 20_000,
      encoding: "utf8",
    });
    expect({ stdout, stderr, status }).toEqual({ stdout: "batch 6\n", stderr: "", status: 0 });
  });
});
