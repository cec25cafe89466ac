/** Preferences as pairs of rows, with their log-likelihoods under the model that training starts from. */

import { packRows } from "../../../data/chat/packing.js";
import { readPreferences } from "../../../data/chat/preferences.js";
import { describeLeftOut } from "../../../data/reading.js";
import { writeExamples } from "../../../data/tables/examples.js";
import { chatTemplate } from "../../../features/chat/chat-template.js";
import { chatTokens } from "../../../features/chat/chat-tokens.js";
import { endlessTurns } from "../../../features/chat/turn-end.js";
import type { Tokenizer } from "../../../features/tokenizer/tokenizer.js";
import type { Folder } from "../../../files/folder.js";
import { rowsPerPair } from "../../../objectives/dpo.js";
import { type Surroundings, watching } from "../../modality.js";
import { type Base, withChat } from "../base.js";
import type { TextRecipe } from "../recipe.js";
import type { DataFormat } from "./data-format.js";
import { atRow, counted, openSplits, repetitions, requireBase, splitExamples } from "./examples.js";
import { referenceLogLikelihoods } from "./reference.js";

/** The chosen row, then the rejected one, [2, t]. */
export type Pair = { readonly inputs: Int32Array; readonly targets: Int32Array };

export const preferences: DataFormat = {
  async check(recipe, around, plain, rowLength) {
    const base = withChat(requireBase(plain, recipe), recipe);
    const { pairs, leftOut } = await readPairs(recipe, base.tokenizer, rowLength, around);
    const splits = splitExamples(pairs, recipe, leftOut);
    const write = (folder: Folder) => writePairs(folder, splits, recipe, around, base, rowLength);
    const notes = endlessTurns(chatTemplate(base.tokenizer));
    return { tokenizer: base.tokenizer, base, leftOut, notes, write };
  },

  open: (folder, recipe) => openSplits(folder, recipe, "preferences"),
};

/** Writes the pairs of each split with what the model thinks of them. */
export async function writePairs(
  folder: Folder,
  splits: Readonly<Record<string, readonly Pair[]>>,
  recipe: TextRecipe,
  around: Surroundings,
  base: Base,
  rowLength: number,
): Promise<void> {
  const ids = { dtype: "int32", shape: [rowsPerPair, rowLength] } as const;
  const fields = {
    inputs: ids,
    targets: ids,
    reference: { dtype: "float32", shape: [rowsPerPair] },
  } as const;
  for (const [name, split] of Object.entries(splits)) {
    await writeExamples(folder.folder(name), fields, withReference(split, recipe, around, base, rowLength));
  }
}

/** Every pair that can be used, and what could not. */
async function readPairs(
  { data }: TextRecipe,
  tokenizer: Tokenizer,
  rowLength: number,
  around: Surroundings,
) {
  const template = chatTemplate(tokenizer);
  const watched = watching(around, "bytes read");
  const rows = readPreferences(data.files, { skipBad: data.skipBad, ...watched });
  const pairs: Pair[] = [];
  const isRepeated = repetitions();
  let [repeated, equal, tooLong] = [0, 0, 0];
  for await (const { prompt, chosen, rejected, source } of rows) {
    if (await isRepeated([prompt, chosen, rejected])) {
      repeated++;
      continue;
    }
    const answers = atRow(rows, source, () =>
      [chosen, rejected].map((answer) =>
        chatTokens(template, tokenizer, [...prompt, ...answer], prompt.length),
      ),
    );
    if (!answers) continue;
    if (String(answers[0].ids) === String(answers[1].ids)) equal++;
    else if (answers.every(({ ids }) => ids.length <= rowLength)) {
      const packed = answers.map(
        ({ ids, isAssistant }) => packRows([{ ids, isTarget: isAssistant }], rowLength)[0],
      );
      pairs.push({ inputs: joined(packed, "inputs"), targets: joined(packed, "targets") });
    } else tooLong++;
  }
  const leftOut = counted({
    "with equal answers": rows.dropped + equal, // or made equal by a template that trims
    "repeating an earlier row": repeated,
    [`longer than a row of ${rowLength} tokens`]: tooLong,
  });
  return { pairs, leftOut: [...leftOut, ...describeLeftOut(rows.leftOut)] };
}

function joined(rows: readonly Pair[], name: keyof Pair): Int32Array {
  return Int32Array.from(rows.flatMap((row) => [...row[name]]));
}

/** The pairs with their reference log-likelihoods, computed once and kept. */
async function* withReference(
  pairs: readonly Pair[],
  { training: { device, threads } }: TextRecipe,
  { runtime }: Surroundings,
  { model, weights }: Base,
  contextLength: number,
) {
  const shape = { batchSize: rowsPerPair, contextLength };
  const session = { device, threads };
  let i = 0;
  for await (const reference of referenceLogLikelihoods(runtime, model, weights, pairs, shape, session)) {
    yield { ...pairs[i++], reference };
  }
}
