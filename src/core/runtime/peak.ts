/** What this machine can reach: the measure that a training step's speed is told in. */
import { input } from "../graph/tensor.js";
import { add } from "../ops/elementwise.js";
import { matmul } from "../ops/matmul.js";
import { sumSquare } from "../ops/reduce.js";
import { compile, hostTensor, type Runtime, type Session, type SessionOptions } from "./session.js";

export interface PeakOptions extends SessionOptions {
  /** Rows and columns of the matrices that `measurePeak` multiplies; default 1024. */
  readonly size?: number;
  /** Time to spend after the warm-up; the run under way is finished. Default 250. */
  readonly budgetMs?: number;
}

/** Best GFLOP/s of a square float32 matrix product. Throws `RuntimeError` when the device is missing. */
export async function measurePeak(
  runtime: Runtime,
  { size = 1024, budgetMs = 250, ...options }: PeakOptions = {},
): Promise<number> {
  const tensor = () => hostTensor("float32", [size, size], new Float32Array(size * size).fill(0.5));
  const named = (name: string) => input(name, "float32", [size, size]);
  const session = await compile(runtime, { y: matmul(named("a"), named("b")) }, options);
  const [feeds, into] = [{ a: tensor(), b: tensor() }, { y: tensor() }];
  const seconds = await bestSeconds(session, () => session.run(feeds, into), budgetMs);
  return (2 * size ** 3) / seconds / 1e9;
}

/** Elements of each array that `measureBandwidth` reads and writes: far more than a cache holds. */
const longArray = 2 ** 24;

/**
 * Best GB/s at which memory is read and written: two long arrays are added, the sum is written and read
 * again. The result is one number, because the runtime would copy a long one. [after STREAM: McCalpin 1995]
 */
export async function measureBandwidth(
  runtime: Runtime,
  { budgetMs = 250, ...options }: Omit<PeakOptions, "size"> = {},
): Promise<number> {
  const tensor = () => hostTensor("float32", [longArray], new Float32Array(longArray).fill(1));
  const named = (name: string) => input(name, "float32", [longArray]);
  const session = await compile(runtime, { y: sumSquare(add(named("a"), named("b"))) }, options);
  const feeds = { a: tensor(), b: tensor() };
  const seconds = await bestSeconds(session, () => session.run(feeds), budgetMs);
  return (4 * 4 * longArray) / seconds / 1e9;
}

/** The quickest of the runs that fit into the budget, two at least after one to warm up; frees the session. */
async function bestSeconds(session: Session, run: () => Promise<unknown>, budgetMs: number): Promise<number> {
  await run();
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + budgetMs;
  for (let runs = 0; runs < 2 || performance.now() < end; runs++) {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
  }
  await session.release();
  return best / 1000;
}
