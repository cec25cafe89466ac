/** Preferences that the pretrained model makes itself: of its answers to a task a rule finds the best and the worst. */
import { counted as count } from "../../../core/quantities.js";
import { randomStream } from "../../../core/random.js";
import { rewards } from "../../../data/chat/rewards.js";
import { IGNORED_TARGET } from "../../../data/text/batches.js";
import { chatTemplate } from "../../../features/chat/chat-template.js";
import { turnEnd } from "../../../features/chat/turn-end.js";
import { encodeText, type Tokenizer } from "../../../features/tokenizer/tokenizer.js";
import { DataError } from "../../../files/errors.js";
import type { Folder } from "../../../files/folder.js";
import { compileDecoder, type DecoderSession } from "../../../generation/decoder-session.js";
import { type Generation, generate } from "../../../generation/generate.js";
import { rowsPerPair } from "../../../objectives/dpo.js";
import { RunError } from "../../../recipe/errors.js";
import { type Surroundings, watching } from "../../modality.js";
import { type Base, withChat } from "../base.js";
import { keptLines } from "../kept-lines.js";
import { type Checked, type WrittenTask, writeAnswer } from "../own-answers.js";
import type { TextRecipe } from "../recipe.js";
import type { DataFormat } from "./data-format.js";
import { openSplits, requireBase, splitExamples } from "./examples.js";
import { type Pair, writePairs } from "./preferences.js";
import { readWritten } from "./tasks.js";

/** What was asked and how it was answered, a line of JSON each. */
export const rankedFile = "ranked.jsonl";

/** Texts that are written at once. */
const rowsAtOnce = 32;

interface Answer {
  readonly text: string;
  readonly tokens: readonly number[];
  readonly endToken?: number;
}

/** What all answers to a task were worth, with the first of the best and the first of the worst. */
interface Ranked {
  readonly prompt: string;
  /** A run that is taken up may ask for other answers, or another rule. */
  readonly asked: Answers;
  readonly rewards: readonly number[];
  readonly chosen: Answer;
  readonly rejected: Answer;
}

type Answers = Checked & { readonly perTask: number; readonly temperature: number };

export const ranked: DataFormat = {
  async check(recipe, around, plain, rowLength) {
    const base = withChat(requireBase(plain, recipe), recipe);
    const { tokenizer } = base;
    const settings = answersOf(recipe);
    const { written, leftOut } = await readWritten(recipe, settings, tokenizer, rowLength, around);
    const split = splitExamples(written, recipe, leftOut);
    const notes: string[] = [];
    const write = async (folder: Folder) => {
      const tasks = [...split.validation, ...split.train];
      const lines = await rank(tasks, settings, recipe, base, folder, around);
      const isTold = ({ rewards }: Ranked) => new Set(rewards).size > 1;
      const pairsOf = (some: readonly Ranked[]) =>
        some.filter(isTold).map((line) => pairOf(line, tokenizer, rowLength));
      const held = split.validation.length;
      const pairs = { train: pairsOf(lines.slice(held)), validation: pairsOf(lines.slice(0, held)) };
      notes.push(...tell(lines, pairs));
      await writePairs(folder, pairs, recipe, around, base, rowLength);
    };
    return { tokenizer, base, leftOut, notes, write };
  },

  async open(folder, recipe) {
    const opened = await openSplits(folder, recipe, "preferences");
    await requireSameAnswers(folder, answersOf(recipe));
    return opened;
  },
};

/** Throws `RunError` where a run's pairs were made otherwise than its recipe says now. */
async function requireSameAnswers(folder: Folder, asked: Answers): Promise<void> {
  const lines = new TextDecoder().decode(await folder.read(rankedFile));
  const made: Partial<Ranked> = JSON.parse(lines.slice(0, lines.indexOf("\n")));
  if (JSON.stringify(made.asked) === JSON.stringify(asked)) return;
  throw new RunError(
    "a run that goes on cannot change how its pairs were made",
    `${JSON.stringify(asked)} instead of ${JSON.stringify(made.asked)} in ${folder.location}/${rankedFile}`,
    "leave the --objective.answers flags out, or start a new run",
  );
}

function answersOf({ objective }: TextRecipe): Answers {
  return (objective as Extract<typeof objective, { kind: "dpo" }>).answers!;
}

/** The model's answers to all tasks, drawn by the seed, and what they are worth. */
async function rank(
  tasks: readonly WrittenTask[],
  asked: Answers,
  { training: { seed, device, threads } }: TextRecipe,
  { model, weights, tokenizer, generation }: Base,
  folder: Folder,
  around: Surroundings,
): Promise<Ranked[]> {
  const { reward, perTask, maxTokens, temperature } = asked;
  const watched = watching(around, "tasks answered");
  const how = { maxTokens, temperature, endTokens: generation?.endTokens, signal: watched.signal };
  const stop = turnEnd(chatTemplate(tokenizer));
  let session: DecoderSession | undefined;
  try {
    return await keptLines<WrittenTask, Ranked>({
      ...watched,
      folder,
      file: rankedFile,
      items: tasks,
      chunkSize: Math.max(1, Math.floor(rowsAtOnce / perTask)),
      isOf: (value, { prompt }): value is Ranked => {
        const line = value as Partial<Ranked> | undefined;
        return line?.prompt === prompt && JSON.stringify(line.asked) === JSON.stringify(asked);
      },
      async make(chunk, start) {
        session ??= await compileDecoder(around.runtime, model, weights, { device, threads });
        const prompts = chunk.flatMap(({ prompt }) => Array<string>(perTask).fill(prompt));
        const drawn = randomStream(seed, "answers", start).uint32();
        const answers = await generate(session, tokenizer, { prompts, ...how, stop, seed: drawn });
        return chunk.map(({ prompt, answer }, i) => {
          const own = answers.slice(i * perTask, (i + 1) * perTask);
          const worth = own.map(({ text }) => rewards[reward](text, answer));
          const [best, worst] = [Math.max(...worth), Math.min(...worth)].map((r) => own[worth.indexOf(r)]);
          return { prompt, asked, rewards: worth, chosen: answerOf(best), rejected: answerOf(worst) };
        });
      },
    });
  } finally {
    await session?.release();
  }
}

const answerOf = ({ text, tokens, endToken }: Generation): Answer => ({
  text,
  tokens: [...tokens],
  endToken,
});

/** The chosen row, then the rejected one. */
function pairOf({ prompt, chosen, rejected }: Ranked, tokenizer: Tokenizer, rowLength: number): Pair {
  const inputs = new Int32Array(rowsPerPair * rowLength);
  const targets = new Int32Array(rowsPerPair * rowLength).fill(IGNORED_TARGET);
  const ids = encodeText(tokenizer, prompt);
  for (const [row, answer] of [chosen, rejected].entries()) {
    writeAnswer([inputs, targets], row * rowLength, ids, answer);
  }
  return { inputs, targets };
}

/** What the answers were like. Throws `DataError` where too few tasks tell better answers from worse. */
function tell(
  lines: readonly Ranked[],
  { train, validation }: Record<"train" | "validation", readonly Pair[]>,
): string[] {
  const all = lines.flatMap(({ rewards }) => rewards);
  const mean = all.reduce((sum, reward) => sum + reward, 0) / all.length;
  const same = lines.length - train.length - validation.length;
  const found = `${count(same, "task")} of ${lines.length} with answers worth the same, ${mean.toFixed(2)} on average over all`;
  if (train.length > 0 && validation.length > 0)
    return [`answers drawn: ${found}; see data/${rankedFile} of the run`];
  throw new DataError(
    "a rule finds too few answers better than others to learn from some and validate with others",
    `${found}; ${train.length} pairs to learn from, ${validation.length} held out`,
    "give more tasks, ones that the model is sometimes right about, another rule, or raise objective.answers.perTask",
  );
}
