/** What a person sees while a model trains: the progress line, samples, the curve. */
import type { EvaluationReport, StepReport } from "../training/loop.js";
import type { Trainer } from "../training/trainer.js";
import { type CurvePoint, lossCurve } from "./terminal/curve.js";
import { ProgressLine } from "./terminal/progress.js";

/** Steps over which speed and loss are averaged for the eye. */
const window = 20;

export interface Watched {
  readonly trainer: Pick<Trainer, "unitsPerStep">;
  readonly totalSteps: number;
  /** Of what is counted, for "12.3k tok/s". */
  readonly unit: string;
  /** Which share of the machine's peak a speed in units a second is, where that is known. */
  readonly peakShare?: (unitsPerSecond: number) => number;
  /** Lets the weights as they are show what they can do, and tells of it in a few lines. */
  readonly sample: (step: number) => Promise<string>;
}

/** Callbacks for `run.train`, and `finish`, which draws the curve. */
export function watch({ trainer, totalSteps, unit, peakShare, sample }: Watched) {
  const line = new ProgressLine();
  const train: CurvePoint[] = [];
  const validation: CurvePoint[] = [];
  const recent: StepReport[] = [];

  const onStep = (report: StepReport) => {
    recent.push(report);
    if (recent.length > window) recent.shift();
    const mean = (of: (r: StepReport) => number) => recent.reduce((sum, r) => sum + of(r), 0) / recent.length;
    const perSecond = 1 / mean((r) => 1 / r.unitsPerSecond);
    train.push({ step: report.step, loss: report.loss });
    line.update({
      step: report.step,
      totalSteps,
      loss: mean((r) => r.loss),
      validationLoss: validation.at(-1)?.loss,
      speed: { perSecond, unit },
      peakShare: peakShare?.(perSecond),
      secondsLeft: ((totalSteps - report.step) * trainer.unitsPerStep) / perSecond,
    });
  };
  const onEvaluation = async ({ step, loss }: EvaluationReport) => {
    validation.push({ step, loss });
    const shown = await sample(step);
    line.print(`step ${step}, validation loss ${loss.toFixed(4)}\n  ${shown.replaceAll("\n", "\n  ")}\n`);
  };
  const finish = async () => {
    line.finish();
    process.stderr.write(`\n${lossCurve({ train, validation })}\n`);
  };
  return { onStep, onEvaluation, finish };
}
