/** The measures of `autodidact evaluate` that open a model by themselves, and what they print. */
import { basename } from "node:path";
import { nodeRuntime } from "../core/runtime/node.js";
import { findFiles } from "../data/text/find-files.js";
import { allDocuments } from "../data/text/sources.js";
import { type Comparison, type Contender, compare } from "../evaluation/compare.js";
import { compileScorer, type Scorer } from "../evaluation/log-likelihood.js";
import { evaluateMultipleChoice } from "../evaluation/multiple-choice.js";
import { measurePerplexity } from "../evaluation/perplexity.js";
import { readPrompts } from "../evaluation/prompts.js";
import { type QuestionTask, readQuestions } from "../evaluation/questions.js";
import { sideBySide } from "../evaluation/side-by-side.js";
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";
import { compileDecoder } from "../generation/decoder-session.js";
import type { Checkpoint } from "../interop/model-folder.js";
import { RunError } from "../recipe/run.js";
import { openNamedModel } from "./models.js";

export interface EvaluateFlags {
  data?: string[];
  field?: string;
  column?: string;
  checkpoint: Checkpoint;
  batchSize: number;
  multipleChoice?: string;
  task?: QuestionTask;
  perplexity?: string[];
  stride?: number;
  against?: string;
  prompts?: string;
  maxTokens: number;
  temperature: number;
  seed: number;
  json?: boolean;
}

/** `--multiple-choice`. */
export async function chooseAnswers(path: string, flags: EvaluateFlags): Promise<void> {
  const { scorer, tokenizer } = await openScorer(path, flags);
  const questions = readQuestions(flags.multipleChoice!, flags.task);
  const result = await counting("questions", (tell) =>
    evaluateMultipleChoice(scorer, tokenizer, questions, tell),
  );
  const { acc, accStderr, accNorm, accNormStderr, truncated } = result;
  const share = (value: number, error: number | null) =>
    `${value.toFixed(4)}${error === null ? "" : ` ± ${error.toFixed(4)}`}`;
  const cut = truncated > 0 ? `; ${truncated} were cut to fit the model's context` : "";
  const text = `accuracy ${share(acc, accStderr)}, by likelihood a character ${share(accNorm, accNormStderr)}, over ${result.questions} questions${cut}`;
  printMeasure(flags, result, text);
}

/** `--perplexity`. */
export async function slideOver(path: string, flags: EvaluateFlags): Promise<void> {
  const { scorer, tokenizer } = await openScorer(path, flags);
  const documents = allDocuments(await findFiles(flags.perplexity!), flags);
  const result = await counting("tokens", (onProgress) =>
    measurePerplexity(scorer, tokenizer, documents, { stride: flags.stride, onProgress }),
  );
  const { tokenPerplexity, wordPerplexity, bytePerplexity, bitsPerByte } = result;
  const text = `perplexity ${tokenPerplexity.toFixed(2)} a token, ${wordPerplexity.toFixed(2)} a word, ${bytePerplexity.toFixed(3)} a byte (${bitsPerByte.toFixed(4)} bits), over ${result.tokens} tokens of ${result.documents} texts`;
  printMeasure(flags, result, text);
}

/** `--against`. */
export async function writeBeside(path: string, flags: EvaluateFlags): Promise<void> {
  const { maxTokens, temperature, seed } = flags;
  const names = [path, flags.against!] as const;
  const models = [await openContender(names[0], flags), await openContender(names[1], flags)] as const;
  const results: Comparison[] = [];
  for await (const result of compare(models, readPrompts(flags.prompts!), { maxTokens, temperature, seed })) {
    results.push(result);
    if (!flags.json) process.stdout.write(`${comparisonText(result, models)}\n\n`);
  }
  if (!flags.json) return;
  process.stdout.write(
    `${JSON.stringify({ models: names, settings: { maxTokens, temperature, seed }, results })}\n`,
  );
}

function comparisonText(
  { prompt, source, answers }: Comparison,
  models: readonly [Contender, Contender],
): string {
  const asked = typeof prompt === "string" ? prompt : prompt.at(-1)!.content;
  const beside = (left: string, right: string) => sideBySide(left, right, process.stdout.columns ?? 80);
  const [left, right] = answers.map(({ tokenCount, tokensPerSecond, finishReason }) => {
    const speed = tokensPerSecond.toFixed(tokensPerSecond < 10 ? 1 : 0);
    return `\n${tokenCount} tokens, ${speed} a second, ${finishReason}`;
  });
  return [
    `${source}: ${asked}`,
    beside(`${models[0].name}\n`, `${models[1].name}\n`),
    beside(answers[0].text, answers[1].text),
    beside(left, right),
  ].join("\n");
}

async function openScorer(
  path: string,
  flags: EvaluateFlags,
): Promise<{ scorer: Scorer; tokenizer: Tokenizer }> {
  const { model, weights, tokenizer } = await openNamedModel(path, flags.checkpoint);
  if (!tokenizer) throw noTokenizer(path);
  return { scorer: await compileScorer(nodeRuntime, model, weights), tokenizer };
}

async function openContender(path: string, flags: EvaluateFlags): Promise<Contender> {
  const { model, weights, tokenizer, generation } = await openNamedModel(path, flags.checkpoint);
  if (!tokenizer) throw noTokenizer(path);
  const session = await compileDecoder(nodeRuntime, model, weights);
  return { name: basename(path), session, tokenizer, endTokens: generation?.endTokens };
}

export const noTokenizer = (path: string) =>
  new RunError("a model folder has no tokenizer", path, "add its tokenizer.json");

/** One JSON object with --json, else the text. */
export function printMeasure({ json }: EvaluateFlags, result: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(result) : text}\n`);
}

/** On a terminal, a line that counts what is done; it is gone when `work` is. */
async function counting<T>(unit: string, work: (tell?: (count: number) => void) => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return work();
  try {
    return await work((count) => process.stderr.write(`\r${count} ${unit}`));
  } finally {
    process.stderr.write("\r\x1b[K");
  }
}
