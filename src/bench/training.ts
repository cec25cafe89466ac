/** How fast a whole training step is, ours and PyTorch's in turns, so that both meet the same machine. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Workload } from "./bench.js";
import { betweenTurnsMs, median, type Spread, spreadOf } from "./figures.js";
import { BenchError, type SideProcess, startScript, startSide } from "./side-process.js";

export interface Side {
  /** Median over turns. */
  readonly unitsPerSecond: number;
  readonly peakBytes: number;
  /** Of the last step: shows that both do the same work. */
  readonly loss: number;
}

export interface TrainingResult {
  readonly name: string;
  readonly shape: string;
  readonly unit: Workload["unit"];
  readonly parameters: number;
  readonly ours: Side;
  /** Ours, in floating-point operations that the model needs, where they are known. */
  readonly gflops?: number;
  readonly pytorch?: Side & { readonly gemmGflops: number };
  /** Ours through PyTorch's speed, turn by turn. */
  readonly ratio?: Spread;
}

export interface TrainingOptions {
  /** Python with PyTorch; without it only ours is measured. */
  readonly python?: string;
  /** Measured steps instead of the workload's own number. */
  readonly steps?: number;
}

/** The first line of a process that trains, a step a request. */
interface Ready {
  /** Ours: floating-point operations of one unit of training. */
  readonly flopsPerUnit?: number;
  /** How many weights are trained; not every yardstick says it. */
  readonly parameters?: number;
  /** The yardstick: the rate of its matrix product. */
  readonly gemmGflops?: number;
}

/** Measures one workload. Throws `BenchError` when a side breaks off, or trains another network than ours. */
export async function benchTraining(
  workload: Workload,
  { python, steps = workload.steps }: TrainingOptions = {},
): Promise<TrainingResult> {
  const { name, shape, unit, worker, yardstick, args } = workload;
  const sides: SideProcess<Ready>[] = [];
  try {
    sides.push(await startScript<Ready>(worker, args));
    if (python && yardstick) sides.push(await startSide<Ready>(python, [yardstick, ...args]));
    const { parameters, flopsPerUnit } = checkSame(sides.map(({ ready }) => ready));
    const [ours, pytorch] = await alternate(sides, workload, steps);
    const gflops = flopsPerUnit && (ours.side.unitsPerSecond * flopsPerUnit) / 1e9;
    const result = { name, shape, unit, parameters, gflops, ours: ours.side };
    if (!pytorch) return result;
    return {
      ...result,
      pytorch: { ...pytorch.side, gemmGflops: sides[1].ready.gemmGflops ?? 0 },
      ratio: spreadOf(ours.rates.map((rate, turn) => rate / pytorch.rates[turn])),
    };
  } finally {
    for (const side of sides) side.stop();
  }
}

function checkSame([{ parameters = 0, ...ours }, yardstick]: readonly Ready[]) {
  const { parameters: theirs = parameters } = yardstick ?? {};
  if (theirs === parameters) return { ...ours, parameters };
  throw new BenchError(
    "both sides of the benchmark do not train the same network",
    `${parameters} parameters here, ${theirs} in PyTorch`,
    "make the yardstick in bench/ that of src/models/",
  );
}

/** Lets the sides take turns, the first one unmeasured; while one works the other is idle. */
async function alternate(sides: readonly SideProcess<Ready>[], workload: Workload, steps: number) {
  const stepsPerTurn = Math.min(workload.stepsPerTurn, steps);
  const rates: number[][] = sides.map(() => []);
  const losses: number[] = [];
  for (let turn = 0; turn <= steps / stepsPerTurn; turn++) {
    for (const [index, side] of sides.entries()) {
      await sleep(betweenTurnsMs);
      let seconds = 0;
      for (let i = 0; i < stepsPerTurn; i++) {
        const step = await side.ask<{ seconds: number; loss: number }>("step");
        seconds += step.seconds;
        losses[index] = step.loss;
      }
      if (turn > 0) rates[index].push((stepsPerTurn * workload.unitsPerStep) / seconds);
    }
  }
  return Promise.all(
    sides.map(async (side, index) => {
      const { peakBytes } = await side.ask<{ peakBytes: number }>("peak");
      const measured = { unitsPerSecond: median(rates[index]), peakBytes, loss: losses[index] };
      return { rates: rates[index], side: measured };
    }),
  );
}
