import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { nodeRuntime } from "../../core/runtime/node.js";
import { fromBytes } from "../../data/images/image-batches.js";
import { decodeImage } from "../../data/images/open-images.js";
import { EvaluationError } from "../../evaluation/errors.js";
import { openFolder } from "../../files/disk.js";
import { compileClassifier } from "../../generation/images/classifier-session.js";
import { openImageModel } from "../../interop/image-folder.js";
import type { Checkpoint } from "../../interop/model-folder.js";
import { checkpointOption } from "../models.js";
import { parseCount } from "../numbers.js";

interface ClassifyFlags {
  top: number;
  checkpoint: Checkpoint;
  json?: boolean;
}

/** `autodidact classify`: what is in pictures. */
export function classifyCommand(): Command {
  return new Command("classify")
    .description("Say what is in pictures: the likeliest classes of each, with their probabilities.")
    .argument("<model>", "a run or a model folder of a classifier")
    .argument("<pictures...>", "files that hold pictures")
    .option("--top <count>", "classes to name", parseCount, 3)
    .addOption(checkpointOption())
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExample:\n  autodidact classify runs/probe photo.jpg --top 3")
    .action(classify);
}

async function classify(path: string, files: string[], { top, checkpoint, json }: ClassifyFlags) {
  const saved = await openImageModel(openFolder(resolve(path)), checkpoint);
  if (saved.kind !== "classifier") {
    throw new EvaluationError(
      "the model tells no classes apart",
      `${path} holds a ${saved.kind}`,
      "train a classifier on it: autodidact train image-probe --model.from <run>",
    );
  }
  const session = await compileClassifier(nodeRuntime, saved.model, saved.weights);
  const results = [];
  for (const file of files) {
    const pixels = await decodeImage(await readPicture(file), file, saved.model);
    const probabilities = await session.classify(fromBytes(pixels));
    const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
    const classes = order
      .slice(0, top)
      .map((i) => ({ label: saved.classes[i], probability: probabilities[i] }));
    results.push({ file, classes });
  }
  if (json) process.stdout.write(`${JSON.stringify({ results })}\n`);
  else for (const { file, classes } of results) process.stdout.write(lineOf(file, classes));
}

function lineOf(file: string, classes: readonly { label: string; probability: number }[]): string {
  const named = classes.map(({ label, probability }) => `${label} ${(100 * probability).toFixed(1)} %`);
  return `${file}: ${named.join(", ")}\n`;
}

async function readPicture(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: Error) => {
    throw new EvaluationError("a picture cannot be read", cause.message, "check its path", { cause });
  });
}
