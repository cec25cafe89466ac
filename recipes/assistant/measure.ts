/**
 * What the assistant can do, on words of which it has seen no chat and no preference:
 *
 *   npx tsx recipes/assistant/measure.ts data/wordnet runs/glossary runs/sft runs/dpo
 *
 * Of each model but the first, which cannot chat and completes "word:" instead, the greedy answers to
 * questions.jsonl: the share in the form "A word is ....", the share that ends by itself, and the words that
 * they have in common with WordNet's definition (F1 of sets). Of every model the log-likelihood of the right answers
 * in nats a byte, and how often the preferred one of a held-out pair is likelier: by itself and, as DPO counts it,
 * relative to the second model.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { compileScorer } from "../../src/evaluation/log-likelihood.js";
import { chatTemplate } from "../../src/features/chat/chat-template.js";
import { openFolder } from "../../src/files/disk.js";
import { compileDecoder } from "../../src/generation/decoder-session.js";
import { generate } from "../../src/generation/generate.js";
import { openModel } from "../../src/interop/model-folder.js";

interface Question {
  readonly word: string;
  readonly prompt: string;
  readonly completion: string;
}
interface Pair {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
  readonly kind: string;
}

const [data, base, reference, ...others] = process.argv.slice(2);
const rows = <T>(file: string): T[] =>
  readFileSync(join(data, file), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
const questions = rows<Question>("questions.jsonl");
const pairs = rows<Pair>("preferences-held-out.jsonl");
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

async function open(name: string) {
  const saved = await openModel(openFolder(name), "latest", async (path) => openFolder(path));
  const tokenizer = saved.tokenizer!;
  const template = chatTemplate(tokenizer);
  const canChat = tokenizer.config?.chat_template !== undefined;
  const asked = (prompt: string, word: string) =>
    canChat
      ? template.render([{ role: "user", content: prompt }], { addGenerationPrompt: true })
      : `${word}:`;
  return { ...saved, tokenizer, asked, canChat };
}
type Model = Awaited<ReturnType<typeof open>>;

async function likelihoods(
  { model, weights, tokenizer, asked, canChat }: Model,
  texts: Question[],
): Promise<number[]> {
  const scorer = await compileScorer(nodeRuntime, model, weights);
  const scores = await scorer.scoreAll(
    texts.map(({ prompt, word, completion }) => ({
      context: tokenizer.encode(asked(prompt, word)),
      continuation: tokenizer.encode(canChat ? completion : ` ${definitionIn(completion)}`),
    })),
  );
  return scores.map(({ logLikelihood }) => logLikelihood);
}

const definitionIn = (answer: string) => answer.replace(/^An? .*? is (.*)\.$/, "$1");
const wordsOf = (text: string) =>
  new Set(
    definitionIn(text)
      .toLowerCase()
      .match(/[a-z]+/g) ?? [],
  );

function f1(answer: string, right: string): number {
  const [found, wanted] = [wordsOf(answer), wordsOf(right)];
  const common = [...found].filter((word) => wanted.has(word)).length;
  return common === 0 ? 0 : (2 * common) / (found.size + wanted.size);
}

async function answers({ model, weights, tokenizer, asked, generation }: Model) {
  const session = await compileDecoder(nodeRuntime, model, weights);
  const written = [];
  for (let start = 0; start < questions.length; start += 20) {
    const prompts = questions.slice(start, start + 20).map(({ prompt, word }) => asked(prompt, word));
    const endTokens = generation?.endTokens;
    written.push(
      ...(await generate(session, tokenizer, { prompts, maxTokens: 60, temperature: 0, endTokens })),
    );
  }
  return written;
}

let compared: number[] | undefined;
for (const name of [base, reference, ...others]) {
  const opened = await open(name);
  const written = await answers(opened);
  const isInForm = ({ text }: { text: string }, i: number) =>
    new RegExp(`^An? ${questions[i].word} is [^.]+\\.$`).test(text.trim());
  const logs = await likelihoods(opened, questions);
  const bytes = questions.map(({ completion }) =>
    Buffer.byteLength(opened.canChat ? completion : ` ${definitionIn(completion)}`),
  );
  const report: Record<string, unknown> = {
    model: name,
    inForm: mean(written.map((answer, i) => Number(isInForm(answer, i)))),
    endsByItself: mean(written.map(({ finishReason }) => Number(finishReason === "end"))),
    f1: mean(written.map(({ text }, i) => f1(text, questions[i].completion))),
    f1OfAnotherAnswer: mean(
      written.map(({ text }, i) => f1(text, questions[(i + 1) % questions.length].completion)),
    ),
    nats: mean(logs) / mean(bytes),
  };
  if (opened.canChat) {
    const scored = async (which: "chosen" | "rejected") =>
      likelihoods(
        opened,
        pairs.map((pair) => ({ prompt: pair.prompt, word: "", completion: pair[which] })),
      );
    const [chosen, rejected] = [await scored("chosen"), await scored("rejected")];
    const margins = chosen.map((value, i) => value - rejected[i]);
    const right = (values: readonly number[], kind?: string) =>
      mean(values.filter((_, i) => !kind || pairs[i].kind === kind).map((value) => Number(value > 0)));
    const byKind = (values: readonly number[]) =>
      Object.fromEntries(
        [...new Set(pairs.map(({ kind }) => kind))].map((kind) => [kind, right(values, kind)]),
      );
    report.preferredIsLikelier = { all: right(margins), ...byKind(margins) };
    if (compared) {
      const rewards = margins.map((value, i) => value - compared![i]);
      report.preferenceAccuracy = { all: right(rewards), ...byKind(rewards) };
    }
    compared ??= margins;
  }
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  for (const i of [0, 1, 2, 3, 4])
    process.stdout.write(`  ${questions[i].prompt} -> ${written[i].text.trim()}\n`);
}
