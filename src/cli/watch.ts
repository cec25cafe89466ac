/** What a person sees while a model trains: the progress line, samples, the curve. */
import { nodeRuntime } from "../core/runtime/node.js";
import { chatTemplate } from "../features/chat-template.js";
import { compileDecoder } from "../generation/decoder-session.js";
import { generate } from "../generation/generate.js";
import type { Run } from "../recipe/run.js";
import { flopsPerToken } from "../training/flops.js";
import type { EvaluationReport, StepReport } from "../training/loop.js";
import { type CurvePoint, lossCurve } from "./terminal/curve.js";
import { ProgressLine } from "./terminal/progress.js";

/** Steps over which speed and loss are averaged for the eye. */
const window = 20;

/** Callbacks for `run.train`, and `finish`, which draws the curve. `gflops` is the machine's peak. */
export async function watch(run: Run, gflops: number) {
  const line = new ProgressLine();
  const train: CurvePoint[] = [];
  const validation: CurvePoint[] = [];
  const recent: StepReport[] = [];
  const sample = await sampler(run);
  const flops = flopsPerToken(run.model);
  const totalSteps = run.recipe.training.steps;

  const onStep = (report: StepReport) => {
    recent.push(report);
    if (recent.length > window) recent.shift();
    const mean = (of: (r: StepReport) => number) => recent.reduce((sum, r) => sum + of(r), 0) / recent.length;
    const unitsPerSecond = 1 / mean((r) => 1 / r.unitsPerSecond);
    train.push({ step: report.step, loss: report.loss });
    line.update({
      step: report.step,
      totalSteps,
      loss: mean((r) => r.loss),
      validationLoss: validation.at(-1)?.loss,
      speed: { perSecond: unitsPerSecond, unit: "tok" },
      peakShare: (unitsPerSecond * flops) / (gflops * 1e9),
      secondsLeft: ((totalSteps - report.step) * run.trainer.unitsPerStep) / unitsPerSecond,
    });
  };
  const onEvaluation = async ({ step, loss }: EvaluationReport) => {
    validation.push({ step, loss });
    const text = await sample(step);
    line.print(`step ${step}, validation loss ${loss.toFixed(4)}\n  ${text.replaceAll("\n", "\n  ")}\n`);
    await run.folder.write(`samples/step-${String(step).padStart(6, "0")}.txt`, text);
  };
  const finish = async () => {
    line.finish();
    process.stderr.write(`\n${lossCurve({ train, validation })}\n`);
  };
  return { onStep, onEvaluation, finish };
}

/** Writes a passage with the weights as they are, by the recipe's generation section. */
async function sampler(run: Run): Promise<(step: number) => Promise<string>> {
  const { model, weights, tokenizer, recipe } = run;
  const { maxTokens, prompt: _, ...sampling } = recipe.generation;
  const prompt = samplePrompt(run);
  const lora = recipe.model.kind === "pretrained" ? recipe.model.lora : undefined;
  const session = await compileDecoder(nodeRuntime, model, weights, { lora, live: true });
  return async (step) => {
    const [{ text }] = await generate(session, tokenizer, {
      prompts: [prompt],
      maxTokens: step === recipe.training.steps ? maxTokens : Math.min(maxTokens, 60),
      ...sampling,
      seed: step,
    });
    return prompt + text;
  };
}

/** The recipe's prompt, as a user's message where the model learns to chat. */
function samplePrompt({ recipe, tokenizer }: Run): string {
  const { prompt } = recipe.generation;
  if (recipe.data.format !== "text") {
    const message = { role: "user", content: prompt || "Hello!" } as const;
    return chatTemplate(tokenizer).render([message], { addGenerationPrompt: true });
  }
  // Without an end-of-text token to start from, an empty prompt becomes the vocabulary's first character.
  return prompt || (tokenizer.endOfText === undefined ? tokenizer.decode([0]) : "");
}
