/** How fast a whole training step is, ours and PyTorch's in turns, so that both meet the same machine. */
import { setTimeout as sleep } from "node:timers/promises";
import { betweenTurnsMs, median, type Spread, spreadOf } from "./figures.js";
import { BenchError, type SideProcess, startScript, startSide } from "./side-process.js";

/** Below this rate of its matrix product PyTorch runs on the reference BLAS, which no one trains with. */
export const leastYardstickGflops = 30;

/** What both sides train, and how it is timed. */
export interface Workload {
  readonly name: string;
  /** Its sizes, for the reader. */
  readonly shape: string;
  readonly unit: string;
  readonly unitsPerStep: number;
  /** Steps that one side takes before the other's turn: short steps need company to be timed warm. */
  readonly stepsPerTurn: number;
  /** Measured steps of each side, after one turn to warm up. */
  readonly steps: number;
  /** Only ours runs, for its memory. */
  readonly alone?: boolean;
  /** Our side's script. */
  readonly worker: URL;
  /** The path of PyTorch's. */
  readonly yardstick: string;
  /** What both scripts are started with. */
  readonly args: readonly string[];
}

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
  /** Ours: floating-point operations of one token of training. */
  readonly flopsPerToken?: number;
  /** How many weights are trained; not every yardstick says it. */
  readonly parameters?: number;
  /** The yardstick: the rate of its matrix product. */
  readonly gemmGflops?: number;
}

/** Starts our training. Throws `BenchError` when it breaks off. */
export function startOurs({ worker, args }: Workload): Promise<SideProcess<Ready>> {
  return startScript(worker, args);
}

/** Starts PyTorch's training. Throws `BenchError` when it breaks off. */
export function startYardstick(python: string, { yardstick, args }: Workload): Promise<SideProcess<Ready>> {
  return startSide(python, [yardstick, ...args]);
}

/** Measures one workload. Throws `BenchError` when a side breaks off, or trains another network than ours. */
export async function benchTraining(
  workload: Workload,
  { python, steps = workload.steps }: TrainingOptions = {},
): Promise<TrainingResult> {
  const { name, shape, unit, alone } = workload;
  const sides: SideProcess<Ready>[] = [];
  try {
    sides.push(await startOurs(workload));
    if (python && !alone) sides.push(await startYardstick(python, workload));
    const { parameters, flopsPerToken } = checkSame(sides.map(({ ready }) => ready));
    const [ours, pytorch] = await alternate(sides, workload, steps);
    const gflops = flopsPerToken && (ours.side.unitsPerSecond * flopsPerToken) / 1e9;
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
