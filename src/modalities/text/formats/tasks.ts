/** Tasks whose answers a rule can check: the model that learns answers them itself. */
import { z } from "zod";
import { checkRight } from "../../../data/chat/rewards.js";
import { readTasks } from "../../../data/chat/tasks.js";
import { describeLeftOut } from "../../../data/reading.js";
import { chatTemplate } from "../../../features/chat/chat-template.js";
import { encodeText, type Tokenizer } from "../../../features/tokenizer/tokenizer.js";
import type { Folder } from "../../../files/folder.js";
import { RecipeError } from "../../../recipe/errors.js";
import { type Surroundings, watching } from "../../modality.js";
import { type PreparedIndex, readPreparedIndex } from "../../prepared-index.js";
import { withChat } from "../base.js";
import { type Checked, type Grpo, ownAnswers, type WrittenTask } from "../own-answers.js";
import type { TextRecipe } from "../recipe.js";
import type { DataFormat } from "./data-format.js";
import { atRow, counted, repetitions, requireBase, splitExamples } from "./examples.js";

const task = z.object({ prompt: z.string(), answer: z.unknown() });

const index: PreparedIndex<{ train: WrittenTask[]; validation: WrittenTask[] }> = {
  file: "tasks.json",
  things: "tasks",
  schema: z.object({ train: z.array(task).min(1), validation: z.array(task).min(1) }),
};

export const tasks: DataFormat = {
  async check(recipe, around, plain, rowLength) {
    const base = withChat(requireBase(plain, recipe), recipe);
    const { tokenizer } = base;
    const { written, leftOut } = await readWritten(
      recipe,
      recipe.objective as Grpo,
      tokenizer,
      rowLength,
      around,
    );
    const splits = splitExamples(written, recipe, leftOut);
    const write = (folder: Folder) => folder.write(index.file, JSON.stringify(splits));
    return { tokenizer, base, leftOut, write };
  },

  async open(folder, recipe, rowLength) {
    const { train, validation } = await readPreparedIndex(folder, index);
    return {
      data: (learner) => ownAnswers({ train, validation }, recipe, rowLength, learner),
      sizes: { train: train.length, validation: validation.length, unit: "tasks" },
    };
  },
};

/** Every task that leaves room for an answer, and what could not be used. */
export async function readWritten(
  { data }: TextRecipe,
  { reward, maxTokens }: Checked,
  tokenizer: Tokenizer,
  rowLength: number,
  around: Surroundings,
) {
  const template = chatTemplate(tokenizer);
  const room = rowLength - maxTokens;
  if (room < 1) {
    throw new RecipeError(
      "answers leave no room for what is asked",
      `maxTokens ${maxTokens}, rows of ${rowLength} tokens`,
      "lower the objective's maxTokens",
    );
  }
  const written: WrittenTask[] = [];
  const isRepeated = repetitions();
  let [repeated, tooLong] = [0, 0];
  const rows = readTasks(data.files, { skipBad: data.skipBad, ...watching(around, "bytes read") });
  for await (const { prompt: messages, answer, source } of rows) {
    const prompt = atRow(rows, source, () => {
      checkRight(reward, answer);
      return template.render(messages, { addGenerationPrompt: true });
    });
    if (prompt === undefined) continue;
    if (await isRepeated(messages)) repeated++;
    else if (encodeText(tokenizer, prompt).length <= room) written.push({ prompt, answer });
    else tooLong++;
  }
  const leftOut = counted({
    "asking the same as an earlier one": repeated,
    [`longer than ${room} tokens, which leave no room for an answer`]: tooLong,
  });
  return { written, leftOut: [...leftOut, ...describeLeftOut(rows.leftOut)] };
}
