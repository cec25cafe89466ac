import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/temporary-folder.js";
import { input, type Tensor } from "../../graph/tensor.js";
import { lower } from "../../onnx/lower.js";
import { withoutValues } from "../../onnx/model-files.js";
import { add, mul, sin } from "../../ops/elementwise.js";
import { matmul } from "../../ops/matmul.js";
import { sum } from "../../ops/movement.js";
import { hostTensor, RuntimeError } from "../host-tensor.js";
import { ortApi } from "./api.js";
import { builtDevices, loadNative } from "./session.js";

const quiet = { threads: 1, spin: false };
const place = temporaryFolder();

const square = (size: number) =>
  hostTensor("float32", [size, size], new Float32Array(size * size).fill(1 / size));

/** y = x x ... x; with entries 1 / size all are that again. */
function powers(size: number, count: number) {
  let y: Tensor = input("x", "float32", [size, size]);
  const x = y;
  for (let i = 0; i < count; i++) y = matmul(y, x);
  return lower({ y }).bytes();
}

describe("a native session", () => {
  it("is of the version that is installed, and says what it was built with", () => {
    expect(ortApi().version).toMatch(/^1[.]\d+[.]\d+$/);
    expect(builtDevices()).toContain("cpu");
  });

  it("gives the library's words for what it refuses", async () => {
    const load = loadNative(new Uint8Array(9), ["y"], quiet);
    await expect(load).rejects.toThrow(RuntimeError);
    await expect(load).rejects.toThrow(/protobuf/i);
    const x = input("x", "float32", [2]);
    const session = await loadNative(lower({ y: add(x, 1) }).bytes(), ["y"], quiet);
    await expect(session.run({ z: hostTensor("float32", [2]) })).rejects.toThrow(/z/);
    await expect(session.run({ x: hostTensor("float32", [3]) })).rejects.toThrow(/dimensions/);
    expect((await session.run({ x: hostTensor("float32", [2]) })).y.data).toEqual(Float32Array.of(1, 1));
    await session.release();
  });

  it("computes where others have computed: several sessions take the memory of one", async () => {
    const size = 2 ** 22;
    const x = input("x", "float32", ["n"]);
    const model = lower({ y: sum(sin(mul(x, x))) }).bytes(); // 16 MB between the two
    const feed = { x: hostTensor("float32", [size]) };
    const sessions = await Promise.all([...Array(8)].map(() => loadNative(model, ["y"], quiet)));
    await sessions[0].run(feed);
    const before = process.memoryUsage().rss;
    for (const session of sessions) expect((await session.run(feed)).y.data[0]).toBe(0);
    // Arenas of their own would have been more than 7 x 16 MB; what else the process does meanwhile is far less.
    expect(process.memoryUsage().rss - before).toBeLessThan(56 * 2 ** 20);
    for (const session of sessions) await session.release();
  });

  it("leaves the event loop free while a long run goes on", async () => {
    const size = 512;
    const session = await loadNative(powers(size, 40), ["y"], quiet); // 11 GFLOP
    let turns = 0;
    let isDone = false;
    const turn = () => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    const { y } = await session.run({ x: square(size) });
    isDone = true;
    expect((y.data as Float32Array)[0]).toBeCloseTo(1 / size, 6);
    expect(turns).toBeGreaterThan(50);
    await session.release();
  });

  it("lets others have their turn between short runs", async () => {
    const x = input("x", "float32", [2]);
    const session = await loadNative(lower({ y: mul(x, 2) }).bytes(), ["y"], quiet);
    const feeds = { x: hostTensor("float32", [2], Float32Array.of(1, 2)) };
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const end = performance.now() + 50;
    while (performance.now() < end) await session.run(feeds);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
    await session.release();
  });

  it("waits with its release for runs under way, and refuses those that come later", async () => {
    const session = await loadNative(powers(256, 20), ["y"], quiet);
    const feeds = { x: square(256) };
    const runs = [session.run(feeds), session.run(feeds)];
    await session.release();
    for (const { y } of await Promise.all(runs)) expect((y.data as Float32Array)[0]).toBeCloseTo(1 / 256, 6);
    await expect(session.run(feeds)).rejects.toThrow(/after its session had been released/);
    await session.release();
  });

  it("runs more at once than there are threads for", async () => {
    const x = input("x", "float32", [2]);
    const session = await loadNative(lower({ y: mul(x, 2) }).bytes(), ["y"], quiet);
    const feeds = { x: hostTensor("float32", [2], Float32Array.of(1, 2)) };
    const results = await Promise.all(Array.from({ length: 300 }, () => session.run(feeds)));
    for (const { y } of results) expect(y.data).toEqual(Float32Array.of(2, 4));
    await session.release();
  });

  it("does not take a long run for a short one because the last was short", async () => {
    const size = 512;
    const x = input("x", "float32", ["n", size]);
    const w = input("w", "float32", [size, size]);
    let y: Tensor = x;
    for (let i = 0; i < 40; i++) y = matmul(y, w);
    const session = await loadNative(lower({ y }).bytes(), ["y"], quiet);
    const rows = (n: number) => ({ x: hostTensor("float32", [n, size]), w: square(size) });
    for (let i = 0; i < 3; i++) await session.run(rows(1));
    let turns = 0;
    const long = session.run(rows(size)); // 11 GFLOP
    let isDone = false;
    const ended = long.then(() => {
      isDone = true;
    });
    while (!isDone) {
      turns++;
      await new Promise(setImmediate);
    }
    await ended;
    expect(turns).toBeGreaterThan(50);
    await session.release();
  });

  it("runs several at once, each with its own numbers", async () => {
    const size = 128;
    const session = await loadNative(powers(size, 30), ["y"], quiet);
    const factors = [1, 0.9, 0.8, 0.7, 0.6];
    const results = await Promise.all(
      factors.map((factor) => {
        const x = square(size);
        (x.data as Float32Array).forEach((value, i, all) => {
          all[i] = value * factor;
        });
        return session.run({ x });
      }),
    );
    results.forEach(({ y }, i) => {
      const expected = factors[i] ** 31 / size;
      expect((y.data as Float32Array)[5] / expected).toBeCloseTo(1, 4);
    });
    await session.release();
  });

  it("writes a profile where it is asked to", async () => {
    const x = input("x", "float32", [2]);
    const prefix = join(place, "profile");
    const session = await loadNative(lower({ y: mul(x, 2) }).bytes(), ["y"], { ...quiet, profile: prefix });
    await session.run({ x: hostTensor("float32", [2]) });
    await session.release();
    const [file] = readdirSync(place).filter((name) => name.startsWith("profile"));
    expect(JSON.parse(readFileSync(join(place, file), "utf8")).length).toBeGreaterThan(0);
  });

  it("reads values that lie outside of its model", async () => {
    const x = input("x", "float32", [3]);
    const w = input("w", "float32", [3]);
    const values = new Map([["w", { data: Float32Array.of(1, 2, 3) }]]);
    const apart = withoutValues(lower({ y: mul(x, w) }, values).model, 4);
    expect(apart.values.size).toBe(1);
    const whole = await loadNative(apart.bytes, ["y"], quiet, apart.values);
    const { y } = await whole.run({ x: hostTensor("float32", [3], Float32Array.of(5, 5, 5)) });
    expect(y.data).toEqual(Float32Array.of(5, 10, 15));
    await whole.release();
  });
});
