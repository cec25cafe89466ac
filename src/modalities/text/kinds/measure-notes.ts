/** What a run learned of its notes: text that was held out, questions, and what it forgot of other text, before and after. */
import { percent } from "../../../core/quantities.js";
import { holdsAnswer, sameAnswer } from "../../../data/notes/answer-words.js";
import { type PartedQuestion, storedQuestions } from "../../../data/notes/question-file.js";
import { storedSections } from "../../../data/notes/section-file.js";
import type { SourceDocument } from "../../../data/text/document.js";
import { findFiles } from "../../../data/text/find-files.js";
import { allDocuments } from "../../../data/text/sources.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import { compileScorer } from "../../../evaluation/log-likelihood.js";
import { measurePerplexity } from "../../../evaluation/perplexity.js";
import { chatTemplate } from "../../../features/chat/chat-template.js";
import type { Tokenizer } from "../../../features/tokenizer/tokenizer.js";
import { compileDecoder } from "../../../generation/decoder-session.js";
import { generate } from "../../../generation/generate.js";
import type { SavedModel } from "../../../interop/model-folder.js";
import { readSavedRecipe } from "../../../recipe/run-folder.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import { canChat } from "../base.js";
import { chapter } from "../bench/chapters.js";
import { modelBeside } from "./base-of.js";
import type { MeasuringNotes } from "./options.js";
import { tokenizerOf } from "./tokenizer.js";

/** Most tokens of an answer. */
const answerTokens = 32;
/** Questions that are answered at once. */
const rowsAtOnce = 16;
/** UTF-16 code units of a piece of the general text, which is predicted as a text of its own. */
const pieceLength = 2000;
/** Chapters of the general text where none is given. */
const chapters = 10;

/** An answer beside what is right. */
interface Answered {
  readonly text: string;
  /** The words of the answer stand in it in a row. */
  readonly isRight: boolean;
  /** It is the answer and nothing else. */
  readonly isExact: boolean;
}

/** How well a text is predicted. */
interface Predicted {
  /** In nats a token. */
  readonly loss: number;
  /** The loss's exponential. */
  readonly perplexity: number;
  readonly tokens: number;
  /** Of UTF-8: compares models whose tokens differ. */
  readonly bitsPerByte: number;
}

/** What a model makes of all of it. */
interface Measured {
  readonly heldOut: Predicted;
  readonly general: Predicted;
  readonly answers: readonly Answered[];
}

/**
 * Measures the model and another, by default the one that the run started from. Throws `EvaluationError` for a model that
 * is no run on notes.
 */
export async function* measureNotes(
  named: Named<SavedModel>,
  { against, general, generalLength, questions: most }: MeasuringNotes,
  around: Surroundings,
): AsyncGenerator<Output> {
  const { base, data } = await notesRun(named);
  const sections = (await storedSections(data)).filter(({ isHeldOut }) => isHeldOut);
  const all = (await storedQuestions(data)) ?? [];
  const questions = (["heldOut", "unseen"] as const).flatMap((part) =>
    all.filter((question) => question.part === part).slice(0, most),
  );
  const texts = {
    heldOut: sections.map(({ id, text }) => ({ source: id, pieces: () => [text] })),
    general: await generalText(general, generalLength, around),
  };
  const before = await modelBeside(named, against ?? base, "latest", around);
  const measured = [
    await measure(before, texts, questions, around, "before"),
    await measure(named, texts, questions, around, "after"),
  ] as const;
  yield { kind: "figures", ...told(before.name, named.name, measured, questions) };
}

async function notesRun({ name, folder }: Named) {
  const isRun = (await folder.size("recipe.json")) !== undefined;
  const recipe = isRun ? await readSavedRecipe(folder) : {};
  const { data, model } = recipe as {
    data?: { format?: string };
    model?: Record<string, string | undefined>;
  };
  const from = model?.folder ?? model?.from;
  if (data?.format === "notes" && from !== undefined) return { base: from, data: folder.folder("data") };
  throw new EvaluationError(
    "there are no notes to measure with",
    isRun
      ? `data.format ${data?.format ?? "text"} in ${name}`
      : `${name} is no run, which would have held some out`,
    "give a run of the recipe notes",
  );
}

/** The beginnings of texts up to so many UTF-16 code units in all, cut into pieces. */
async function generalText(
  files: readonly string[] | undefined,
  length: number,
  { signal }: Surroundings,
): Promise<SourceDocument[]> {
  let text = "";
  if (files === undefined) for (let i = 0; i < chapters; i++) text += `${chapter(i)}\n`;
  else {
    for await (const document of allDocuments(await findFiles([...files]), { signal })) {
      if (text !== "") text += "\n\n";
      for await (const piece of document.pieces()) {
        text += piece;
        if (text.length >= length) break;
      }
      if (text.length >= length) break;
    }
  }
  const count = Math.ceil(Math.min(text.length, length) / pieceLength);
  return Array.from({ length: count }, (_, i) => {
    const own = text.slice(i * pieceLength, Math.min((i + 1) * pieceLength, length));
    return {
      source: `general text, piece ${i + 1}`,
      pieces: () => [own.replace(/[\ud800-\udbff]$|^[\udc00-\udfff]/g, "")],
    };
  });
}

async function measure(
  named: Named<SavedModel>,
  texts: { readonly heldOut: readonly SourceDocument[]; readonly general: readonly SourceDocument[] },
  questions: readonly PartedQuestion[],
  around: Surroundings,
  when: string,
): Promise<Measured> {
  const saved = await named.open();
  const tokenizer = tokenizerOf(named, saved.tokenizer);
  const scorer = await compileScorer(around.runtime, saved.model, saved.weights);
  const score = async (documents: readonly SourceDocument[]): Promise<Predicted> => {
    const onProgress = (done: number) => around.onProgress?.(`tokens predicted ${when}`, done);
    const each = (async function* () {
      yield* documents;
    })();
    const { logLikelihood, tokens, bitsPerByte } = await measurePerplexity(scorer, tokenizer, each, {
      onProgress,
    });
    const loss = -logLikelihood / tokens;
    return { loss, perplexity: Math.exp(loss), tokens, bitsPerByte };
  };
  const heldOut = await score(texts.heldOut);
  const general = await score(texts.general);
  await scorer.release();
  const answers = canChat(tokenizer) ? await answer(saved, tokenizer, questions, around, when) : [];
  return { heldOut, general, answers };
}

async function answer(
  { model, weights, generation }: SavedModel,
  tokenizer: Tokenizer,
  questions: readonly PartedQuestion[],
  { runtime, signal, onProgress }: Surroundings,
  when: string,
): Promise<Answered[]> {
  if (questions.length === 0) return [];
  const session = await compileDecoder(runtime, model, weights);
  const template = chatTemplate(tokenizer);
  const { endTokens } = generation ?? {};
  const answers: Answered[] = [];
  while (answers.length < questions.length) {
    onProgress?.(`questions answered ${when}`, answers.length, questions.length);
    const asked = questions.slice(answers.length, answers.length + rowsAtOnce);
    const prompts = asked.map(({ prompt }) =>
      template.render([{ role: "user", content: prompt }], { addGenerationPrompt: true }),
    );
    const options = { prompts, maxTokens: answerTokens, temperature: 0, endTokens, signal };
    for (const [i, { text }] of (await generate(session, tokenizer, options)).entries()) {
      const { completion } = asked[i];
      answers.push({ text, isRight: holdsAnswer(text, completion), isExact: sameAnswer(text, completion) });
    }
  }
  await session.release();
  return answers;
}

const parts = {
  heldOut: "questions held out, about sections learned",
  unseen: "questions about sections held out",
} as const;

function told(
  before: string,
  after: string,
  [old, now]: readonly [Measured, Measured],
  questions: readonly PartedQuestion[],
) {
  const right = (part: keyof typeof parts) => {
    const own = questions.flatMap((question, i) => (question.part === part ? [i] : []));
    const of = ({ answers }: Measured, is: "isRight" | "isExact") =>
      answers.length === 0 ? undefined : own.filter((i) => answers[i][is]).length;
    return {
      questions: own.length,
      before: of(old, "isRight"),
      after: of(now, "isRight"),
      exactBefore: of(old, "isExact"),
      exactAfter: of(now, "isExact"),
    };
  };
  const asked = { heldOut: right("heldOut"), unseen: right("unseen") };
  const figures = {
    models: { before, after },
    heldOutText: { before: old.heldOut, after: now.heldOut },
    generalText: { before: old.general, after: now.general },
    questions: asked,
    answers: questions.map((question, i) => ({ ...question, before: old.answers[i], after: now.answers[i] })),
  };
  const change = (a: number, b: number) => `${b >= a ? "+" : "−"}${percent(Math.abs(b / a - 1))}`;
  /** In bits a byte where the models cut the text into other tokens. */
  const line = (
    text: "heldOut" | "general",
    measure: "perplexity" | "loss",
    what: string,
    digits: number,
  ) => {
    const [a, b] = [old[text], now[text]];
    const isSame = a.tokens === b.tokens;
    const [from, to] = isSame ? [a[measure], b[measure]] : [a.bitsPerByte, b.bitsPerByte];
    const told = isSame
      ? `${what}, ${b.tokens} tokens`
      : `${what} in bits a byte, ${a.tokens} tokens before and ${b.tokens} after`;
    const places = isSame ? digits : 4;
    return `${told}: ${from.toFixed(places)} before, ${to.toFixed(places)} after (${change(from, to)})`;
  };
  const lines = [
    `before: ${before}; after: ${after}`,
    line("heldOut", "perplexity", "perplexity of sections held out", 2),
    ...(["heldOut", "unseen"] as const).flatMap((part) => {
      const { questions: count, before: b, after: a } = asked[part];
      return count === 0
        ? []
        : [
            `${parts[part]}, answered right of ${count}: ${b ?? "not asked"} before, ${a ?? "not asked"} after`,
          ];
    }),
    line("general", "loss", "loss on a general text", 4),
  ];
  return { figures, text: lines.join("\n") };
}
