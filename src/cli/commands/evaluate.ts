import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { nodeRuntime } from "../../core/runtime/node.js";
import { openCorpus } from "../../data/corpus.js";
import { openFolder } from "../../data/disk.js";
import { openShards, type TokenShards, writeShards } from "../../data/shards.js";
import type { Tokenizer } from "../../features/tokenizer.js";
import { openModel } from "../../interop/model-folder.js";
import { adamw } from "../../optim/adamw.js";
import { layOut, views } from "../../optim/layout.js";
import { RunError } from "../../recipe/run.js";
import { type Evaluation, evaluateLoss } from "../../training/evaluate.js";
import { compileLoss } from "../../training/step.js";
import { parseCount } from "../numbers.js";

interface EvaluateFlags {
  data?: string[];
  field?: string;
  column?: string;
  checkpoint: "latest" | "best";
  batchSize: number;
  json?: boolean;
}

export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description("How well a model predicts a text: loss (nats a token), perplexity, bits a byte.")
    .argument("<folder>", "a run, or a model folder")
    .option("--data <files...>", "files, folders or globs (default: the run's validation split)")
    .option("--field <name>", "field of a JSON line that holds the text")
    .option("--column <name>", "column of a Parquet file that holds the text")
    .addOption(new Option("--checkpoint <which>", "of a run").choices(["latest", "best"]).default("latest"))
    .option("--batch-size <windows>", "windows at a time", parseCount, 8)
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExample:\n  autodidact evaluate runs/notes --data held-out.txt --json")
    .action(async (folder: string, flags: EvaluateFlags) => {
      const result = await evaluate(resolve(folder), flags);
      const { loss, perplexity, bitsPerByte, tokens } = result;
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(result)}\n`
          : `loss ${loss.toFixed(4)} nats a token, perplexity ${perplexity.toFixed(2)}, ${bitsPerByte.toFixed(4)} bits a byte, over ${tokens} tokens\n`,
      );
    });
}

async function evaluate(path: string, flags: EvaluateFlags): Promise<Evaluation> {
  const folder = openFolder(path);
  const { model, weights, tokenizer } = await openModel(folder, flags.checkpoint);
  const layout = layOut(model.parameters, adamw({ lr: 1 }));
  const parameters = new Float32Array(layout.size);
  for (const [name, view] of views(layout, parameters))
    (view.data as Float32Array).set(weights.get(name)!.data);
  const shape = { batchSize: flags.batchSize, contextLength: model.contextLength };
  const compiled = await compileLoss(nodeRuntime, model, layout, shape, { parameters });
  if (!flags.data) return evaluateLoss(compiled, await openShards(folder.folder("data/validation")), shape);
  if (!tokenizer) {
    throw new RunError("a model folder has no tokenizer", path, "add its tokenizer.json");
  }
  return withTokens(flags.data, flags, tokenizer, (shards) => evaluateLoss(compiled, shards, shape));
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
