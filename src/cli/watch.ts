/** What a person sees while a model trains: the progress line, samples, the curve. */
import { nodeRuntime } from "../core/runtime/node.js";
import { openFolder } from "../files/disk.js";
import type { Sample } from "../modalities/modality.js";
import type { Run } from "../modalities/run.js";
import type { EvaluationProgress, EvaluationReport, StepReport } from "../training/loop.js";
import { type CurvePoint, lossCurve } from "./terminal/curve.js";
import { onProgress } from "./terminal/phase.js";
import { ProgressLine } from "./terminal/progress.js";

/** Steps over which speed and loss are averaged for the eye. */
const window = 20;

/** Callbacks for `run.train`, and `finish`, which draws the curve. `gflops` is the machine's peak. */
export async function watchRun(run: Run, gflops: number) {
  const { trainer, folder, steps: totalSteps, flopsPerUnit } = run;
  const { unit } = trainer.task;
  const sample = await run.sampler?.(run.weights, { runtime: nodeRuntime, openFolder });
  const peakShare = (perSecond: number) => flopsPerUnit && (perSecond * flopsPerUnit) / (gflops * 1e9);
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
      peakShare: peakShare(perSecond),
      secondsLeft: ((totalSteps - report.step) * trainer.unitsPerStep) / perSecond,
    });
  };
  const onEvaluation = async ({ step, loss }: EvaluationReport) => {
    validation.push({ step, loss });
    const made = await sample?.(step);
    const shown = made ? await keep(made, step, folder) : "";
    const below = shown && `  ${shown.replaceAll("\n", "\n  ")}\n`;
    line.print(`step ${step}, validation loss ${loss.toFixed(4)}\n${below}`);
  };
  const finish = async () => {
    line.finish();
    process.stderr.write(`\n${lossCurve({ train, validation })}\n`);
  };
  const onEvaluationProgress = ({ batches, inAll }: EvaluationProgress) =>
    onProgress("batches evaluated", batches, inAll);
  return { onStep, onEvaluation, onEvaluationProgress, finish };
}

/** Writes a sample into the run's `samples/`; what is shown of it is its text, or its name. */
async function keep(sample: Sample, step: number, folder: Run["folder"]): Promise<string> {
  const name = `samples/step-${String(step).padStart(6, "0")}`;
  if ("text" in sample) {
    await folder.write(`${name}.txt`, sample.text);
    return sample.text;
  }
  await folder.write(name + sample.ending, sample.bytes);
  return name + sample.ending;
}
