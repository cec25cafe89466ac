/**
 * What reading one author without labels is worth for writing like another: a trained run goes on with a little text
 * of the other author, against the same network from fresh weights and against counting characters.
 *
 *   npx tsx recipes/few-texts/measure.ts runs/gpt-quickstart tinyshakespeare.txt --bytes 10000,100000,all --seeds 0,1,2
 *
 * The text's last tenth is held out; the pieces to learn from are of the rest. A seed chooses the piece, the order
 * and the fresh weights. Of a piece the last tenth says when to stop: the weights are those that were best on it.
 * Prints a Markdown table of bits a byte on the held-out tenth: mean and standard deviation over seeds.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import type { SourceDocument } from "../../src/data/text/document.js";
import { compileScorer } from "../../src/evaluation/log-likelihood.js";
import { measurePerplexity } from "../../src/evaluation/perplexity.js";
import { openFolder } from "../../src/files/disk.js";
import { memoryFolder } from "../../src/files/memory.js";
import { openModel } from "../../src/interop/model-folder.js";
import { resolveRecipe } from "../../src/modalities/find.js";
import { readRecipe, startRun } from "../../src/modalities/run.js";
import type { TextRecipe as Recipe } from "../../src/modalities/text/recipe.js";
import { CharacterModel } from "./character-model.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bytes: { type: "string", default: "10000,100000,all" },
    seeds: { type: "string", default: "0,1,2" },
    threads: { type: "string", default: "1" },
    "max-steps": { type: "string", default: "500" },
  },
});
const [from, file] = positionals;
const session = { threads: Number(values.threads) };
const base = await readRecipe<Recipe>(openFolder(from));
const before = await readAll(base);
const text = await readFile(file, "utf8");
const border = Math.floor(0.9 * text.length);
const [pool, heldOut] = [text.slice(0, border), text.slice(border)];

/** Fresh weights learn at the rates of the trained run, with its tokenizer; going on takes a third of them. */
const ways = {
  "goes on": { model: { kind: "pretrained", from }, folder: undefined, rate: 1 / 3 },
  "from scratch": { model: base.model, folder: join(from, "data/tokenizer"), rate: 1 },
};
type Way = (typeof ways)[keyof typeof ways];

/** What the trained run read. */
async function readAll({ data }: Recipe): Promise<string> {
  const texts = [data.files].flat().map((path) => readFile(path, "utf8"));
  return (await Promise.all(texts)).join("\n");
}

/** A piece of the text that begins after a line break. */
function pieceOf(bytes: number, seed: number): string {
  if (bytes >= pool.length) return pool;
  const start = randomStream(seed, "piece").integer(pool.length - bytes);
  const line = pool.lastIndexOf("\n", start) + 1;
  return pool.slice(line, line + bytes);
}

const batchSize = 16;

function recipeOf({ model, folder, rate }: Way, path: string, bytes: number, seed: number): Recipe {
  const tokens = bytes / 3;
  const halfPass = Math.round(tokens / (batchSize * 64) / 2);
  const every = Math.min(50, Math.max(5, halfPass));
  const recipe = {
    data: { files: path, validationFraction: 0.1 },
    features: { kind: "pretrained", folder },
    model,
    objective: { kind: "nextToken" },
    optimizer: {
      ...base.optimizer,
      lr: rate * base.optimizer.lr,
      ...("adamwLr" in base.optimizer && { adamwLr: rate * (base.optimizer.adamwLr ?? base.optimizer.lr) }),
      averageDecay: 0.98,
      schedule: { kind: "constant", warmupSteps: 10 },
    },
    training: {
      batchSize,
      sequenceLength: 64,
      seed,
      steps: Number(values["max-steps"]),
      evaluateEvery: every,
      evaluationBatches: 16,
      checkpointEvery: Number(values["max-steps"]),
      patience: 4,
      ...session,
    },
    generation: { prompt: "The" },
  };
  return resolveRecipe<Recipe>(recipe, "few texts");
}

/** Bits a byte on the held-out text, and at which step the best weights were taken. */
async function learned(way: Way, piece: string, seed: number) {
  const place = await mkdtemp(join(tmpdir(), "few-texts-"));
  try {
    const path = join(place, "piece.txt");
    await writeFile(path, piece);
    const folder = memoryFolder();
    const run = await startRun(recipeOf(way, path, piece.length, seed), folder, {
      runtime: nodeRuntime,
      openFolder,
    });
    const { steps, bestLoss, reason } = await run.train();
    return {
      bits: await bitsOf(folder),
      told: `${steps} steps (${reason}), validation ${bestLoss?.toFixed(3)}`,
    };
  } finally {
    await rm(place, { recursive: true });
  }
}

async function bitsOf(folder: Parameters<typeof openModel>[0]): Promise<number> {
  const { model, weights, tokenizer } = await openModel(folder, "best");
  const scorer = await compileScorer(nodeRuntime, model, weights, session);
  const stride = model.contextLength / 2;
  const { bitsPerByte } = await measurePerplexity(scorer, tokenizer!, documents(heldOut), { stride });
  await scorer.release();
  return bitsPerByte;
}

async function* documents(text: string): AsyncGenerator<SourceDocument> {
  yield { source: "held out", pieces: () => [text] };
}

/** Counting, with as many bytes of context as are best on the piece's last tenth. */
function counted(earlier: string, piece: string) {
  const cut = Math.floor(0.9 * piece.length);
  const model = new CharacterModel(6);
  for (const text of [earlier, piece.slice(0, cut)]) model.learn(text);
  const bits = [2, 3, 4, 5, 6].map((order) => ({
    order,
    bits: model.bitsPerByte(piece.slice(cut), order),
  }));
  const { order } = bits.reduce((best, other) => (other.bits < best.bits ? other : best));
  model.learn(piece.slice(cut));
  return { bits: model.bitsPerByte(heldOut, order), told: `order ${order}` };
}

const columns: Record<string, (piece: string, seed: number) => Promise<{ bits: number; told: string }>> = {
  ...Object.fromEntries(
    Object.entries(ways).map(([name, way]) => [name, (piece, seed) => learned(way, piece, seed)]),
  ),
  "counting, both authors": async (piece) => counted(before, piece),
  counting: async (piece) => counted("", piece),
};

const mean = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
const deviation = (numbers: readonly number[]) =>
  Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean(numbers)) ** 2, 0) / Math.max(1, numbers.length - 1));

const names = Object.keys(columns);
console.log(`| bytes | ${names.join(" | ")} |\n|${" --: |".repeat(names.length + 1)}`);
for (const size of values.bytes.split(",")) {
  const found: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (const seed of values.seeds.split(",").map(Number)) {
    const piece = pieceOf(size === "all" ? pool.length : Number(size), seed);
    for (const [name, column] of Object.entries(columns)) {
      const { bits, told } = await column(piece, seed);
      found[name].push(bits);
      console.error(`${name}, ${size} bytes, seed ${seed}: ${bits.toFixed(3)} ${told}`);
    }
  }
  const cells = names.map((name) => `${mean(found[name]).toFixed(2)} ± ${deviation(found[name]).toFixed(2)}`);
  console.log(`| ${size} | ${cells.join(" | ")} |`);
}
