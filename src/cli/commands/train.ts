import { existsSync, readdirSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { Command } from "commander";
import { nodeRuntime } from "../../core/runtime/node.js";
import { measurePeak } from "../../core/runtime/peak.js";
import { openFolder } from "../../files/disk.js";
import { RecipeError } from "../../recipe/errors.js";
import { type ImageRecipe, isForImages } from "../../recipe/image-recipe.js";
import { resumeImageRun, startImageRun } from "../../recipe/image-run.js";
import type { Override } from "../../recipe/overrides.js";
import type { Recipe } from "../../recipe/recipe.js";
import { resumeRun, startRun } from "../../recipe/run.js";
import { readSavedRecipe } from "../../recipe/run-folder.js";
import type { Summary } from "../../training/loop.js";
import { findModel } from "../models.js";
import { changed, loadRecipe, shippedRecipes } from "../recipes.js";
import type { RunView } from "../run-view.js";
import { onStop } from "../stopping.js";
import { formatDuration, formatLoss } from "../terminal/format.js";
import { imageView } from "../train-images.js";
import { textView } from "../train-text.js";

interface TrainFlags {
  out?: string;
  resume?: string;
  json?: boolean;
}

/** What a shell reports for a program that Ctrl-C ended. */
const interruptedExitCode = 130;

const around = { runtime: nodeRuntime, openFolder, findModel, ahead: true };

export function trainCommand(overrides: readonly Override[]): Command {
  return new Command("train")
    .description(
      "Train a model by a recipe: a file, or the name of a shipped one. Any value of the recipe can be set by a dotted flag.",
    )
    .argument("[recipe]", `a recipe file, or one of ${shippedRecipes().join(", ")}`)
    .option("--out <folder>", "folder of the run (default: runs/<recipe>, numbered when taken)")
    .option("--resume <folder>", "continue the run in this folder from its latest checkpoint")
    .option("--json", "print the summary as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  autodidact train gpt-quickstart
  autodidact train recipes/gpt-small.ts --data.files "notes/**/*.md" --out runs/notes
  autodidact train gpt-small --data.files book.txt --optimizer.lr=3e-3 --training.steps 500
  autodidact train --resume runs/notes

Ctrl-C finishes the step, saves, and exits with code ${interruptedExitCode}; Ctrl-C again quits at once.`,
    )
    .action(async (recipe: string | undefined, flags: TrainFlags) => {
      const run = await open(recipe, flags, overrides);
      await train(run, flags.json ?? false);
    });
}

async function open(
  recipe: string | undefined,
  flags: TrainFlags,
  overrides: readonly Override[],
): Promise<RunView> {
  if ((recipe === undefined) === (flags.resume === undefined)) {
    throw new RecipeError(
      "train needs a recipe or a run to resume, one of them",
      `recipe ${recipe ?? "none"}, --resume ${flags.resume ?? "none"}`,
      `for example: autodidact train ${shippedRecipes()[0]}`,
    );
  }
  if (flags.resume !== undefined) return resume(flags.resume, overrides);
  const { name, recipe: values } = await loadRecipe(recipe!, overrides);
  const out = openFolder(resolve(flags.out ?? freeFolder(name)));
  if (values.data.format === "images") {
    const images = values as ImageRecipe;
    process.stderr.write(`preparing ${images.data.path ?? "the images of the pretrained model"}\n`);
    return imageView(await startImageRun(images, out, around));
  }
  const text = values as Recipe;
  const files = [text.data.files].flat();
  process.stderr.write(`preparing ${files.length > 3 ? `${files.length} files` : files.join(", ")}\n`);
  return textView(await startRun(text, out, around));
}

async function resume(path: string, overrides: readonly Override[]): Promise<RunView> {
  const folder = openFolder(resolve(path));
  const change = <R extends object>(saved: R) =>
    overrides.length === 0 ? saved : (changed(saved, overrides, path) as R);
  if (isForImages(await readSavedRecipe(folder)))
    return imageView(await resumeImageRun(folder, around, change));
  return textView(await resumeRun(folder, around, change));
}

function freeFolder(name: string): string {
  const candidates = [`runs/${name}`, ...Array.from({ length: 9999 }, (_, i) => `runs/${name}-${i + 2}`)];
  const isEmpty = (path: string) => statSync(path).isDirectory() && readdirSync(path).length === 0;
  return candidates.find((folder) => !existsSync(folder) || isEmpty(folder))!;
}

async function train(view: RunView, json: boolean): Promise<void> {
  const gflops = await measurePeak(nodeRuntime);
  const peak = `matrix products reach ${gflops.toFixed(0)} GFLOP/s here`;
  process.stderr.write(`${[...view.introduction, peak].join("\n")}\n`);
  const stop = new AbortController();
  const unlisten = onStop(() => {
    process.stderr.write("\nfinishing the step and saving; Ctrl-C again to quit at once\n");
    stop.abort();
  });
  const { finish, ...callbacks } = await view.watch(gflops);
  try {
    const summary = await view.run.train({ signal: stop.signal, ...callbacks }).finally(finish);
    conclude(view, summary, json);
    if (summary.reason === "interrupted") process.exitCode = interruptedExitCode;
  } finally {
    unlisten();
  }
}

const reasons: Record<Summary["reason"], string> = {
  steps: "all steps taken",
  target: "the target loss is reached",
  patience: "the validation loss no longer falls",
  interrupted: "interrupted",
};

function conclude(view: RunView, summary: Summary, json: boolean): void {
  const folder = relative(process.cwd(), view.run.folder.location) || ".";
  if (json) process.stdout.write(`${JSON.stringify({ run: folder, ...summary })}\n`);
  const lines = [
    `${reasons[summary.reason]}: step ${summary.steps}, ${formatDuration(summary.seconds)} of training, ` +
      `loss ${formatLoss(summary.loss)}, best validation loss ${formatLoss(summary.bestLoss)}`,
    `run: ${folder}`,
    ...(summary.reason === "interrupted"
      ? [`resume: npx autodidact train --resume ${folder}`]
      : ["next:", ...view.next(folder).map((command) => `  ${command}`)]),
  ];
  process.stderr.write(`${lines.join("\n")}\n`);
}
