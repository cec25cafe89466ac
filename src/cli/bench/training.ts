/** How fast a whole training step is, ours and PyTorch's in turns, so that both meet the same machine. */
import { setTimeout as sleep } from "node:timers/promises";
import { type BenchDecoder, shapeOf } from "./decoders.js";
import { type StepProcess, startOurs, startYardstick } from "./step-process.js";

/** Below this rate of its matrix product PyTorch runs on the reference BLAS, which no one trains with. */
export const leastYardstickGflops = 30;

/** Threads of both runtimes go on spinning for some tens of milliseconds after their last work. */
const pauseMs = 150;

export interface Side {
  /** Median over turns. */
  readonly tokensPerSecond: number;
  readonly peakBytes: number;
  /** Of the last step: shows that both do the same work. */
  readonly loss: number;
}

export interface TrainingResult {
  readonly name: string;
  readonly shape: string;
  readonly parameters: number;
  readonly ours: Side;
  /** Ours, in floating-point operations that the model needs. */
  readonly gflops: number;
  readonly pytorch?: Side & { readonly gemmGflops: number };
  /** Ours through PyTorch's speed, turn by turn. */
  readonly ratio?: { readonly median: number; readonly min: number; readonly max: number };
}

export interface TrainingOptions {
  /** Python with PyTorch; without it only ours is measured. */
  readonly python?: string;
  /** Measured steps instead of the decoder's own number. */
  readonly steps?: number;
}

/** Measures one decoder. Throws `BenchError` when a side breaks off. */
export async function benchTraining(
  decoder: BenchDecoder,
  { python, steps = decoder.steps }: TrainingOptions = {},
): Promise<TrainingResult> {
  const sides: StepProcess[] = [];
  try {
    sides.push(await startOurs(decoder));
    if (python && !decoder.alone) sides.push(await startYardstick(python, decoder));
    const [ours, pytorch] = await alternate(sides, decoder, steps);
    const { parameters = 0, flopsPerToken = 0 } = sides[0].ready;
    const gflops = (ours.tokensPerSecond * flopsPerToken) / 1e9;
    const result = { name: decoder.name, shape: shapeOf(decoder), parameters, gflops, ours: ours.side };
    if (!pytorch) return result;
    const ratios = ours.rates.map((rate, turn) => rate / pytorch.rates[turn]);
    return {
      ...result,
      pytorch: { ...pytorch.side, gemmGflops: sides[1].ready.gemmGflops ?? 0 },
      ratio: { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) },
    };
  } finally {
    for (const side of sides) side.stop();
  }
}

/** Lets the sides take turns, the first one unmeasured; while one works the other is idle. */
async function alternate(sides: readonly StepProcess[], decoder: BenchDecoder, steps: number) {
  const tokens = decoder.batchSize * decoder.contextLength;
  const stepsPerTurn = Math.min(decoder.stepsPerTurn, steps);
  const rates: number[][] = sides.map(() => []);
  const losses: number[] = [];
  for (let turn = 0; turn <= steps / stepsPerTurn; turn++) {
    for (const [index, side] of sides.entries()) {
      await sleep(pauseMs);
      let seconds = 0;
      for (let i = 0; i < stepsPerTurn; i++) {
        const step = await side.step();
        seconds += step.seconds;
        losses[index] = step.loss;
      }
      if (turn > 0) rates[index].push((stepsPerTurn * tokens) / seconds);
    }
  }
  return Promise.all(
    sides.map(async (side, index) => {
      const tokensPerSecond = median(rates[index]);
      const measured = { tokensPerSecond, peakBytes: await side.peakBytes(), loss: losses[index] };
      return { rates: rates[index], tokensPerSecond, side: measured };
    }),
  );
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
