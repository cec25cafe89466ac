/** Conversations as packed rows of tokens, of which the assistant's part is learned. */
import { readChats } from "../../../data/chat/chat.js";
import { packRows } from "../../../data/chat/packing.js";
import { describeLeftOut } from "../../../data/reading.js";
import { writeExamples } from "../../../data/tables/examples.js";
import { chatTemplate } from "../../../features/chat/chat-template.js";
import { chatTokens, cutAtTurn, type MarkedTokens } from "../../../features/chat/chat-tokens.js";
import { endlessTurns } from "../../../features/chat/turn-end.js";
import type { Tokenizer } from "../../../features/tokenizer/tokenizer.js";
import type { Folder } from "../../../files/folder.js";
import { type Surroundings, watching } from "../../modality.js";
import { withChat } from "../base.js";
import type { TextRecipe } from "../recipe.js";
import type { DataFormat } from "./data-format.js";
import { atRow, counted, openSplits, repetitions, requireBase, splitExamples } from "./examples.js";

export const chat: DataFormat = {
  async check(recipe, around, plain, rowLength) {
    const base = withChat(requireBase(plain, recipe), recipe);
    const { tokenizer } = base;
    const { chats, leftOut } = await readTokens(recipe, tokenizer, rowLength, around);
    const { train, validation } = splitExamples(chats, recipe, leftOut);
    const write = async (folder: Folder) => {
      for (const [name, split] of Object.entries({ train, validation })) {
        const examples = split.map(({ ids, isAssistant }) => ({ ids, isTarget: isAssistant }));
        const field = { dtype: "int32", shape: [rowLength] } as const;
        const fields = { inputs: field, targets: field, segments: field, positions: field };
        await writeExamples(
          folder.folder(name),
          fields,
          packRows(examples, rowLength).map((row) => ({ ...row })),
        );
      }
    };
    return { tokenizer, base, leftOut, notes: endlessTurns(chatTemplate(tokenizer)), write };
  },

  open: (folder, recipe) => openSplits(folder, recipe, "rows of conversations"),
};

/** The tokens of every conversation that can be used, and what could not. */
async function readTokens(
  { data }: TextRecipe,
  tokenizer: Tokenizer,
  rowLength: number,
  around: Surroundings,
) {
  const template = chatTemplate(tokenizer);
  const chats: MarkedTokens[] = [];
  const isRepeated = repetitions();
  let [repeated, tooLong, cut] = [0, 0, 0];
  const rows = readChats(data.files, { skipBad: data.skipBad, ...watching(around, "bytes read") });
  for await (const { messages, source } of rows) {
    if (await isRepeated(messages)) {
      repeated++;
      continue;
    }
    const whole = atRow(rows, source, () => chatTokens(template, tokenizer, messages));
    if (!whole) continue;
    const tokens = cutAtTurn(whole, rowLength);
    if (tokens) chats.push(tokens);
    else tooLong++;
    if (tokens && tokens !== whole) cut++;
  }
  const leftOut = counted({
    "repeating an earlier row": repeated,
    [`with a first turn longer than a row of ${rowLength} tokens`]: tooLong,
    "in part, cut at a turn to fit a row": cut,
  });
  return { chats, leftOut: [...leftOut, ...describeLeftOut(rows.leftOut)] };
}
