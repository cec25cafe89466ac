/** The pretrained model that a recipe may start from. */

import { chatMl, chatMlTokens } from "../../features/chat/chat-template.js";
import { addSpecialTokens } from "../../features/tokenizer/special-tokens.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { locateModel, openModel, type SavedModel } from "../../interop/model-folder.js";
import type { KeepWeight } from "../../interop/model-weights.js";
import { withVocabSize } from "../../interop/resize-vocabulary.js";
import { inBlocks } from "../../nn/frozen-blocks.js";
import { RecipeError } from "../../recipe/errors.js";
import { finderOf, type Surroundings } from "../modality.js";
import type { TextRecipe } from "./recipe.js";

export interface Base extends SavedModel {
  readonly tokenizer: Tokenizer;
  /** Where the model itself lies: of a run, the checkpoint. */
  readonly folder: string;
  /** The name that an adapter gives for its base. */
  readonly name: string;
}

/**
 * Opens the recipe's pretrained model; undefined for a recipe that starts from fresh weights. A run that goes on
 * opens the folder that it noted. Throws the errors of `openModel` and `RecipeError` for one without a tokenizer.
 */
export async function openBase({ model }: TextRecipe, around: Surroundings): Promise<Base | undefined> {
  if (model.kind !== "pretrained") return undefined;
  const find = finderOf(around);
  const found = model.folder
    ? { folder: around.openFolder(model.folder), name: model.from }
    : await find(model.from, model.revision);
  const place = await locateModel(found.folder);
  // A run may train on: what stands beside its weights of today must not be laid over others.
  const name = place === found.folder ? found.name : place.location;
  const openBase = async (name: string) => (await find(name)).folder;
  const saved = await openModel(place, "latest", openBase, keeping(model.lora?.weights));
  if (saved.tokenizer) return { ...saved, tokenizer: saved.tokenizer, folder: place.location, name };
  throw new RecipeError(
    "a pretrained model has no tokenizer",
    place.location,
    "add its tokenizer.json, or vocab.json and merges.txt",
  );
}

/** How an adapter's run keeps the weights beside it. */
function keeping(kept: keyof typeof bitsOf = "float32"): KeepWeight | undefined {
  const bits = bitsOf[kept];
  return bits && ((parameter, weight) => inBlocks(parameter, weight, bits));
}

const bitsOf = { float32: undefined, int8: 8, int4: 4 } as const;

/**
 * The model with what conversations need: a chat template and its special tokens. Those that a model was trained
 * to talk with stay. Throws `RecipeError` where an adapter would have to learn new tokens.
 */
export function withChat(base: Base, { model }: TextRecipe): Base {
  const tokenizer = chatTokenizer(base.tokenizer);
  const isLora = model.kind === "pretrained" && model.lora !== undefined;
  if (isLora && tokenizer.vocabSize > base.model.vocabSize) {
    throw new RecipeError(
      "an adapter cannot learn new tokens",
      `${base.folder} has no chat template, and ${chatMlTokens.join(" and ")} are not in its vocabulary`,
      "train without model.lora first, or start from a model that was trained to chat",
    );
  }
  return { ...base, ...withVocabSize(base, Math.max(tokenizer.vocabSize, base.model.vocabSize)), tokenizer };
}

/** Whether the tokens come with a template of conversations. */
export const canChat = ({ config }: Tokenizer): boolean => Boolean(config?.chat_template);

/** Whether conversations are among what is learned. */
export const learnsToChat = ({ data: { format } }: TextRecipe, tokenizer: Tokenizer): boolean =>
  format === "notes" ? canChat(tokenizer) : format !== "text";

function chatTokenizer(tokenizer: Tokenizer): Tokenizer {
  if (canChat(tokenizer)) return tokenizer;
  return addSpecialTokens(tokenizer, chatMlTokens, { endOfText: chatMlTokens[1], chatTemplate: chatMl });
}
