/** Measures of a language model: questions, a sliding window, another model beside it. */
import { basename } from "node:path";
import { findFiles } from "../../../data/text/find-files.js";
import { allDocuments } from "../../../data/text/sources.js";
import { type Comparison, type Contender, compare } from "../../../evaluation/compare.js";
import { compileScorer } from "../../../evaluation/log-likelihood.js";
import { evaluateMultipleChoice } from "../../../evaluation/multiple-choice.js";
import { measurePerplexity } from "../../../evaluation/perplexity.js";
import { readPrompts } from "../../../evaluation/prompts.js";
import { readQuestions } from "../../../evaluation/questions.js";
import { sideBySide } from "../../../evaluation/side-by-side.js";
import { compileDecoder } from "../../../generation/decoder-session.js";
import type { SavedModel } from "../../../interop/model-folder.js";
import type { Named, Output, Surroundings, UseRequest } from "../../modality.js";
import { modelBeside } from "./base-of.js";
import type { Choosing, Comparing, Sliding } from "./options.js";
import { tokenizerOf } from "./tokenizer.js";

export async function* chooseAnswers(
  named: Named<SavedModel>,
  { multipleChoice, task }: Choosing,
  around: Surroundings,
): AsyncGenerator<Output> {
  const { scorer, tokenizer } = await openScorer(named, around);
  const questions = readQuestions(multipleChoice, task);
  const result = await evaluateMultipleChoice(scorer, tokenizer, questions, (done) =>
    around.onProgress?.("questions", done),
  );
  const { acc, accStderr, accNorm, accNormStderr, truncated } = result;
  const share = (value: number, error: number | null) =>
    `${value.toFixed(4)}${error === null ? "" : ` ± ${error.toFixed(4)}`}`;
  const cut = truncated > 0 ? `; ${truncated} were cut to fit the model's context` : "";
  const text = `accuracy ${share(acc, accStderr)}, by likelihood a character ${share(accNorm, accNormStderr)}, over ${result.questions} questions${cut}`;
  yield { kind: "figures", figures: { ...result }, text };
}

export async function* slideOver(
  named: Named<SavedModel>,
  { perplexity, stride, ...rows }: Sliding,
  around: Surroundings,
): AsyncGenerator<Output> {
  const { scorer, tokenizer } = await openScorer(named, around);
  const documents = allDocuments(await findFiles(perplexity), { ...rows, signal: around.signal });
  const onProgress = (done: number) => around.onProgress?.("tokens", done);
  const result = await measurePerplexity(scorer, tokenizer, documents, { stride, onProgress });
  const { tokenPerplexity, wordPerplexity, bytePerplexity, bitsPerByte } = result;
  const text = `perplexity ${tokenPerplexity.toFixed(2)} a token, ${wordPerplexity.toFixed(2)} a word, ${bytePerplexity.toFixed(3)} a byte (${bitsPerByte.toFixed(4)} bits), over ${result.tokens} tokens of ${result.documents} texts`;
  yield { kind: "figures", figures: { ...result }, text };
}

async function openScorer(named: Named<SavedModel>, { runtime }: Surroundings) {
  const { model, weights, tokenizer } = await named.open();
  return {
    tokenizer: tokenizerOf(named, tokenizer),
    scorer: await compileScorer(runtime, model, weights),
  };
}

/** `onText` hears of each pair of answers as it is there, in two columns. */
export async function* writeBeside(
  named: Named<SavedModel>,
  { against, prompts, ...settings }: Comparing,
  around: Surroundings,
  onText?: UseRequest["onText"],
): AsyncGenerator<Output> {
  const other = await modelBeside(named, against, named.checkpoint, around);
  const models = [await contender(named, around), await contender(other, around)] as const;
  const results: Comparison[] = [];
  for await (const result of compare(models, readPrompts(prompts), settings)) {
    results.push(result);
    onText?.(`${comparisonText(result, models)}\n\n`);
  }
  yield { kind: "figures", figures: { models: [named.name, against], settings, results } };
}

async function contender(named: Named<SavedModel>, { runtime }: Surroundings): Promise<Contender> {
  const { model, weights, tokenizer, generation } = await named.open();
  const session = await compileDecoder(runtime, model, weights);
  const known = { session, tokenizer: tokenizerOf(named, tokenizer) };
  return { name: basename(named.name), ...known, endTokens: generation?.endTokens };
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
