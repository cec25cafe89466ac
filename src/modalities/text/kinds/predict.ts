/** How well a model predicts a text: window after window, as training measures it. */
import { evaluationBatches, totalsOf } from "../../../data/text/batches.js";
import { openCorpus } from "../../../data/text/corpus.js";
import { openShards, type TokenShards, writeShards } from "../../../data/text/shards.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import type { Tokenizer } from "../../../features/tokenizer/tokenizer.js";
import type { Folder } from "../../../files/folder.js";
import { memoryFolder } from "../../../files/memory.js";
import type { SavedModel } from "../../../interop/model-folder.js";
import type { Decoder } from "../../../models/decoder.js";
import { languageTask } from "../../../objectives/task.js";
import { adamw } from "../../../optim/adamw.js";
import { layOut } from "../../../optim/layout.js";
import { readSavedRecipe } from "../../../recipe/run-folder.js";
import { evaluateLoss, figuresOf } from "../../../training/evaluate.js";
import { compileLoss } from "../../../training/step.js";
import { copyWeights } from "../../../training/weights.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import type { Predicting } from "./options.js";
import { tokenizerOf } from "./tokenizer.js";

/** What attention over whole windows of a long context takes grows with its square. */
const longestWindow = 1024;

/**
 * Throws `EvaluationError` for a run that held no text out, where no other text is given, and for windows longer than the
 * model's context.
 */
export async function* predict(
  named: Named<SavedModel>,
  options: Predicting,
  { runtime, signal, onProgress }: Surroundings,
): AsyncGenerator<Output> {
  const { model, weights, tokenizer } = await named.open();
  const recipe = await recipeOf(named);
  const layout = layOut(model.parameters, adamw({ lr: 1 }));
  const parameters = new Float32Array(layout.size);
  copyWeights(layout, parameters, weights);
  const shape = { batchSize: options.batchSize, contextLength: windowOf(recipe, model, options) };
  const compiled = await compileLoss(runtime, languageTask(model, shape), layout, { parameters });
  const shards = options.data
    ? await tokensOf(options.data, options, tokenizerOf(named, tokenizer))
    : await openValidation(named, recipe);
  const result = await evaluateLoss(compiled, evaluationBatches(shards, shape), {
    totals: totalsOf(shards),
    signal,
    onProgress: (batches) => onProgress?.("batches", batches),
  });
  const { loss, report, counts } = result;
  yield {
    kind: "figures",
    figures: figuresOf(result),
    text: `loss ${loss.toFixed(4)} nats a token, perplexity ${report.perplexity.toFixed(2)}, ${report.bitsPerByte.toFixed(4)} bits a byte, over ${counts.tokens} tokens in windows of ${shape.contextLength}`,
  };
}

/** Tokens a window. */
function windowOf(
  recipe: Recipe | undefined,
  { contextLength }: Decoder,
  { contextLength: asked }: Predicting,
): number {
  const usual = recipe
    ? (recipe.training?.sequenceLength ?? contextLength)
    : Math.min(contextLength, longestWindow);
  const window = asked ?? usual;
  if (window <= contextLength) return window;
  throw new EvaluationError(
    "the windows are longer than the model's context",
    `${window} tokens, context ${contextLength}`,
    `ask for ${contextLength} tokens or fewer`,
  );
}

/** Of a recipe, as far as it says how text is measured. */
interface Recipe {
  readonly data?: { readonly format?: string };
  readonly training?: { readonly sequenceLength?: number };
}

/** The recipe of a run; undefined for a model that is none. */
async function recipeOf({ folder }: Named): Promise<Recipe | undefined> {
  const isRun = (await folder.size("recipe.json")) !== undefined;
  return isRun ? ((await readSavedRecipe(folder)) as Recipe) : undefined;
}

/** The text that a run held out. */
async function openValidation({ name, folder }: Named, recipe: Recipe | undefined): Promise<TokenShards> {
  const isRun = recipe !== undefined;
  const { format = "text" } = recipe?.data ?? {};
  if (isRun && format === "text") return openShards(folder.folder("data/validation"));
  throw new EvaluationError(
    "there is no text to predict",
    isRun ? `data.format ${format} in ${name}` : `${name} is no run, which would have held some out`,
    format === "notes" && isRun
      ? "measure it with --metric notes, or give a text with --data"
      : isRun
        ? "give a text with --data; how the run did on what it held out is in its metrics.jsonl"
        : "give a text with --data",
  );
}

async function tokensOf(
  files: readonly string[],
  { field, column }: Predicting,
  tokenizer: Tokenizer,
): Promise<TokenShards> {
  const corpus = await openCorpus({ files: [...files], field, column, validationFraction: 0, seed: 0 });
  const folder: Folder = memoryFolder();
  const { vocabSize } = tokenizer;
  await writeShards(folder, corpus.all(), (text) => tokenizer.encode(text), { vocabSize });
  return openShards(folder);
}
