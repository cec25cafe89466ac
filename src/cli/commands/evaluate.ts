import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { nodeRuntime } from "../../core/runtime/node.js";
import { evaluationBatches, totalsOf } from "../../data/text/batches.js";
import { openCorpus } from "../../data/text/corpus.js";
import { openShards, type TokenShards, writeShards } from "../../data/text/shards.js";
import { EvaluationError } from "../../evaluation/errors.js";
import { tasks } from "../../evaluation/questions.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { openFolder } from "../../files/disk.js";
import { isImageModel } from "../../interop/image-folder.js";
import { languageTask } from "../../objectives/task.js";
import { adamw } from "../../optim/adamw.js";
import { layOut, parameterTensors } from "../../optim/layout.js";
import { readRecipe } from "../../recipe/run.js";
import { type Evaluation, evaluateLoss, figuresOf } from "../../training/evaluate.js";
import { compileLoss } from "../../training/step.js";
import { type ImageMeasureFlags, imageMetrics } from "../image-subject.js";
import {
  chooseAnswers,
  type EvaluateFlags,
  noTokenizer,
  printMeasure,
  slideOver,
  writeBeside,
} from "../measures.js";
import { measureImages } from "../measures-images.js";
import { checkpointOption, openBase, openNamedModel } from "../models.js";
import { parseCount, parseNumber, parsePictures, parseSeed } from "../numbers.js";

/** What can be measured, by the flag that asks for it; and the flags that go with no other measure. */
const measures: Record<string, Measure> = {
  data: { flags: ["batchSize", "field", "column"], run: predict },
  multipleChoice: { flags: ["task"], run: chooseAnswers },
  perplexity: { flags: ["stride", "field", "column"], run: slideOver },
  against: { flags: ["prompts", "maxTokens", "temperature", "seed"], run: writeBeside },
  metric: {
    flags: ["reference", "features", "samples", "guidance", "steps", "solver", "out", "seed"],
    run: measureImages,
  },
};

interface Measure {
  readonly flags: readonly string[];
  readonly run: (folder: string, flags: EvaluateFlags & ImageMeasureFlags) => Promise<void>;
}

export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description(
      "How good a model is: how well it predicts texts, picks answers, or writes beside another model.",
    )
    .argument("<model>", "a run, a model folder, or a name on the Hugging Face Hub")
    .option("--data <files...>", "files, folders or globs (default: the run's validation split)")
    .option("--field <name>", "field of a JSON line that holds the text")
    .option("--column <name>", "column of a Parquet file that holds the text")
    .addOption(checkpointOption())
    .option("--batch-size <windows>", "windows at a time", parseCount, 8)
    .option(
      "--multiple-choice <file>",
      "questions in rows of .jsonl or .parquet, as HellaSwag and ARC have them",
    )
    .addOption(new Option("--task <name>", "how to read the rows (default: by their fields)").choices(tasks))
    .option("--perplexity <files...>", "texts to predict by a sliding window: a token, a word, a byte")
    .option("--stride <tokens>", "new tokens a window (default: the model's context)", parseCount)
    .option("--against <folder>", "a second model, to write beside the first")
    .option(
      "--prompts <file>",
      "what both continue or answer: lines of text, or .jsonl with prompt or messages",
    )
    .option("--max-tokens <count>", "most tokens of an answer", parseCount, 100)
    .option("--temperature <number>", "of both; 0 for the likeliest token", parseNumber, 0.8)
    .addOption(
      new Option("--metric <name>", "of a model of images (default: the one that goes with it)").choices(
        imageMetrics,
      ),
    )
    .addOption(
      new Option("--reference <split>", "which images samples are compared with")
        .choices(["train", "test"])
        .default("test"),
    )
    .option("--features <model>", "a run, or an .onnx file, by whose features images are compared")
    .option("--samples <count>", "pictures to draw", parsePictures, 1000)
    .option("--guidance <number>", "of the drawing, as for generate", parseNumber)
    .option("--steps <number>", "of the drawing", parseCount)
    .addOption(new Option("--solver <name>", "of the drawing").choices(["euler", "heun", "midpoint"]))
    .option("--out <file>", "with neighbours: a .png of samples above the training images nearest to them")
    .option("--seed <number>", "of what is written or drawn", parseSeed, 0)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  autodidact evaluate runs/notes --data held-out.txt --json
  autodidact evaluate runs/notes --multiple-choice hellaswag_val.jsonl
  autodidact evaluate runs/notes --perplexity "texts/**/*.txt" --stride 512
  autodidact evaluate runs/notes --against runs/older --prompts prompts.txt
  autodidact evaluate runs/cifar10-flow --metric fid --reference test`,
    )
    .action(async (folder: string, flags: EvaluateFlags & ImageMeasureFlags, command: Command) => {
      const measure = await measureOf(command, async () =>
        (await isImageModel(await openBase(folder))) ? "metric" : "data",
      );
      await measures[measure].run(folder, flags);
    });
}

/** Which measure the flags ask for. Throws `EvaluationError` for flags that do not go together. */
async function measureOf(command: Command, usual: () => Promise<string>): Promise<string> {
  const given = command.options
    .filter((option) => command.getOptionValueSource(option.attributeName()) === "cli")
    .map((option) => ({ name: option.attributeName(), flag: option.long! }));
  const asked = given.filter(({ name }) => Object.hasOwn(measures, name));
  if (asked.length > 1) {
    throw new EvaluationError(
      "several measures are asked for at once",
      asked.map(({ flag }) => flag).join(" "),
      "give one of them a run",
    );
  }
  const measure = asked[0]?.name ?? (await usual());
  const stray = given.find(({ name }) => {
    const owners = Object.keys(measures).filter((owner) => measures[owner].flags.includes(name));
    return owners.length > 0 && !owners.includes(measure);
  });
  if (stray) throw strayFlag(command, stray, asked[0]?.flag);
  if (measure === "against" && !given.some(({ name }) => name === "prompts")) {
    throw new EvaluationError("two models need prompts to write after", "--against", "add --prompts <file>");
  }
  return measure;
}

function strayFlag(command: Command, { name, flag }: { name: string; flag: string }, asked?: string) {
  const owners = command.options.filter((option) => measures[option.attributeName()]?.flags.includes(name));
  return new EvaluationError(
    "a flag belongs to another measure",
    asked ? `${flag} with ${asked}` : flag,
    `use it with ${owners.map((option) => option.long).join(" or ")}`,
  );
}

async function predict(path: string, flags: EvaluateFlags): Promise<void> {
  const result = await evaluate(path, flags);
  const { loss, report, counts } = result;
  const text = `loss ${loss.toFixed(4)} nats a token, perplexity ${report.perplexity.toFixed(2)}, ${report.bitsPerByte.toFixed(4)} bits a byte, over ${counts.tokens} tokens`;
  printMeasure(flags, figuresOf(result), text);
}

async function evaluate(path: string, flags: EvaluateFlags): Promise<Evaluation> {
  const { model, weights, tokenizer } = await openNamedModel(path, flags.checkpoint);
  const layout = layOut(model.parameters, adamw({ lr: 1 }));
  const parameters = new Float32Array(layout.size);
  for (const [name, view] of parameterTensors(layout, parameters))
    (view.data as Float32Array).set(weights.get(name)!.data);
  const shape = { batchSize: flags.batchSize, contextLength: model.contextLength };
  const compiled = await compileLoss(nodeRuntime, languageTask(model, shape), layout, { parameters });
  const evaluate = (shards: TokenShards) =>
    evaluateLoss(compiled, evaluationBatches(shards, shape), { totals: totalsOf(shards) });
  if (!flags.data) return evaluate(await openValidation(path));
  if (!tokenizer) throw noTokenizer(path);
  return withTokens(flags.data, flags, tokenizer, evaluate);
}

/** The text that a run held out. Throws `EvaluationError` for a run that did not learn from text. */
async function openValidation(path: string): Promise<TokenShards> {
  const run = openFolder(resolve(path));
  const isRun = (await run.size("recipe.json")) !== undefined;
  const format = isRun ? (await readRecipe(run)).data.format : "text";
  if (format === "text") return openShards(run.folder("data/validation"));
  throw new EvaluationError(
    "what the run held out is no text",
    `data.format ${format} in ${path}`,
    "give a text with --data; how the run did on what it held out is in its metrics.jsonl",
  );
}

/** The text as tokens in a temporary folder, which is removed afterwards. */
async function withTokens<T>(
  files: string[],
  { field, column }: EvaluateFlags,
  tokenizer: Tokenizer,
  use: (shards: TokenShards) => Promise<T>,
): Promise<T> {
  const corpus = await openCorpus({ files, field, column, validationFraction: 0, seed: 0 });
  const place = mkdtempSync(join(tmpdir(), "autodidact-"));
  try {
    const folder = openFolder(place);
    const { vocabSize } = tokenizer;
    await writeShards(folder, corpus.all(), (text) => tokenizer.encode(text), { vocabSize });
    return await use(await openShards(folder));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
