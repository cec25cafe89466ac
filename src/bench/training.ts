/** How fast a whole training step is, ours and PyTorch's in turns, so that both meet the same machine. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Device } from "../core/runtime/session.js";
import type { Workload } from "./bench.js";
import { betweenTurnsMs, median, type Spread, spreadOf } from "./figures.js";
import { type Form, float32, inBfloat16, int8, onDevice, pytorchForms } from "./forms.js";
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
  /** Ours with products in int8, in the same turns. */
  readonly int8?: Side & { readonly gflops?: number; readonly overFloat32: Spread };
  /** In the form that was quickest in a trial. */
  readonly pytorch?: Yardstick & { readonly forms: Readonly<Record<string, number>> };
  /** In bfloat16, in the same form; where the processor has it, and what comes of it is a number. */
  readonly bfloat16?: Yardstick;
  /** Ours through PyTorch's speed, turn by turn. */
  readonly ratio?: Spread;
  readonly int8Ratio?: Spread;
}

export interface Yardstick extends Side {
  readonly form: string;
  readonly gemmGflops: number;
}

export interface TrainingOptions {
  /** Python with PyTorch; without it only ours is measured. */
  readonly python?: string;
  /** Measured steps instead of the workload's own number. */
  readonly steps?: number;
  /** Measure PyTorch in bfloat16 as well. */
  readonly bfloat16?: boolean;
  /** Default: the CPU. */
  readonly device?: Device;
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
  { python, steps = workload.steps, bfloat16 = false, device = "cpu" }: TrainingOptions = {},
): Promise<TrainingResult> {
  const { name, shape, unit, worker, yardstick, args } = workload;
  const sides: SideProcess<Ready>[] = [];
  const start = async (side: Promise<SideProcess<Ready>>) => sides.push(await side);
  const envOf = (form: Form) => onDevice(form, device).env;
  const theirs = (form: Form) => startSide<Ready>(python!, [yardstick!, ...args], envOf(form));
  try {
    const forms = python && yardstick ? await tryForms(workload, theirs) : undefined;
    const ours = workload.inInt8 && device === "cpu" ? [float32, int8] : [float32];
    const others = forms ? [forms.best, ...(bfloat16 ? [inBfloat16(forms.best)] : [])] : [];
    for (const form of ours) await start(startScript<Ready>(worker, args, envOf(form)));
    for (const form of others) await start(theirs(form));
    const { parameters, flopsPerUnit } = checkSame(sides.map(({ ready }) => ready));
    const turns = await alternate(sides, workload, steps);
    const over = (a: Turns, b: Turns) => spreadOf(a.rates.map((rate, turn) => rate / b.rates[turn]));
    const gflopsOf = ({ side }: Turns) => flopsPerUnit && (side.unitsPerSecond * flopsPerUnit) / 1e9;
    const yardstickOf = (index: number): Yardstick => ({
      ...turns[ours.length + index].side,
      form: others[index].name,
      gemmGflops: sides[ours.length + index].ready.gemmGflops ?? 0,
    });
    const [exact, coarse = undefined] = turns.slice(0, ours.length);
    const result = {
      ...{ name, shape, unit, parameters, ours: exact.side, gflops: gflopsOf(exact) },
      ...(coarse && {
        int8: { ...coarse.side, gflops: gflopsOf(coarse), overFloat32: over(coarse, exact) },
      }),
    };
    if (!forms) return result;
    const pytorch = turns[ours.length];
    return {
      ...result,
      pytorch: { ...yardstickOf(0), forms: forms.rates },
      ...(bfloat16 && Number.isFinite(turns[ours.length + 1].side.loss) && { bfloat16: yardstickOf(1) }),
      ratio: over(exact, pytorch),
      ...(coarse && { int8Ratio: over(coarse, pytorch) }),
    };
  } finally {
    for (const side of sides) side.stop();
  }
}

/** Which form is quickest in one turn after one to warm up; one that breaks off, as a compiler that is missing, is left out. */
async function tryForms(
  { stepsPerTurn, unitsPerStep }: Workload,
  start: (form: Form) => Promise<SideProcess<Ready>>,
): Promise<{ best: Form; rates: Record<string, number> }> {
  const rates: Record<string, number> = {};
  const failures: unknown[] = [];
  for (const form of pytorchForms) {
    let side: SideProcess<Ready> | undefined;
    try {
      side = await start(form);
      await takeTurn(side, stepsPerTurn);
      const { seconds } = await takeTurn(side, Math.max(2, stepsPerTurn));
      rates[form.name] = (Math.max(2, stepsPerTurn) * unitsPerStep) / seconds;
    } catch (error) {
      failures.push(error);
    } finally {
      side?.stop();
    }
  }
  const [best] = pytorchForms
    .filter(({ name }) => name in rates)
    .sort((a, b) => rates[b.name] - rates[a.name]);
  if (!best) throw failures[0];
  return { best, rates };
}

function checkSame([{ parameters = 0, ...ours }, ...others]: readonly Ready[]) {
  const theirs = others.map((side) => side.parameters ?? parameters).find((count) => count !== parameters);
  if (theirs === undefined) return { ...ours, parameters };
  throw new BenchError(
    "both sides of the benchmark do not train the same network",
    `${parameters} parameters here, ${theirs} in PyTorch`,
    "make the yardstick in bench/ that of src/models/",
  );
}

/** What one side did. */
interface Turns {
  /** Units a second, turn by turn. */
  readonly rates: readonly number[];
  readonly side: Side;
}

/** Lets the sides take turns, the first one unmeasured; while one works the others are idle. */
async function alternate(
  sides: readonly SideProcess<Ready>[],
  workload: Workload,
  steps: number,
): Promise<Turns[]> {
  const stepsPerTurn = Math.min(workload.stepsPerTurn, steps);
  const rates: number[][] = sides.map(() => []);
  const losses: number[] = [];
  for (let turn = 0; turn <= steps / stepsPerTurn; turn++) {
    for (const [index, side] of sides.entries()) {
      await sleep(betweenTurnsMs);
      const { seconds, loss } = await takeTurn(side, stepsPerTurn);
      losses[index] = loss;
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

/** The time of so many steps, and the loss of the last. */
async function takeTurn(side: SideProcess<Ready>, steps: number): Promise<{ seconds: number; loss: number }> {
  let [seconds, loss] = [0, 0];
  for (let i = 0; i < steps; i++) {
    const step = await side.ask<{ seconds: number; loss: number }>("step");
    seconds += step.seconds;
    loss = step.loss;
  }
  return { seconds, loss };
}
