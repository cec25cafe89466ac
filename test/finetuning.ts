/** A small pretrained model, rows to fine-tune it on, and recipes that do. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeRuntime } from "../src/core/runtime/node.js";
import type { Runtime, Session } from "../src/core/runtime/session.js";
import { byteTokenizer } from "../src/features/tokenizer/byte-tokenizer.js";
import type { Tokenizer } from "../src/features/tokenizer/tokenizer.js";
import { openFolder } from "../src/files/disk.js";
import type { Folder } from "../src/files/folder.js";
import { saveModel } from "../src/interop/model-folder.js";
import { resolveRecipe } from "../src/modalities/find.js";
import type { TextRecipe as Recipe, TextRecipeInput as RecipeInput } from "../src/modalities/text/recipe.js";
import type { Decoder } from "../src/models/decoder.js";
import { gpt2 } from "../src/models/gpt2.js";
import { adamw } from "../src/optim/adamw.js";
import { layOut } from "../src/optim/layout.js";
import { initialiseAll, weightsOf } from "../src/training/weights.js";

export const around = { runtime: nodeRuntime, openFolder };
/** Loads a graph when it is first run: for runs that start and do not train. */
export const lazily = {
  ...around,
  runtime: {
    devices: () => nodeRuntime.devices(),
    load: async (...args) => {
      let session: Promise<Session> | undefined;
      return {
        run: async (...feeds) => {
          session ??= nodeRuntime.load(...args);
          return (await session).run(...feeds);
        },
        release: async () => (await session)?.release(),
      };
    },
  } satisfies Runtime,
};

const letters = [..."abcdefghijklmnop"];
/** What comes after each letter. */
export const questions = letters.slice(0, -1).map((letter, i) => ({
  prompt: `${letter}?`,
  answer: `${letters[i + 1]}!`,
}));

/** The letters in order, again and again. */
const alphabet = Array.from({ length: 60 }, (_, i) => letters.slice(i % 7).join("")).join("\n");

/** Writes rows as JSON Lines, texts as they are, and returns the path. */
export function writeFile(folder: string, name: string, content: readonly object[] | string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  const text =
    typeof content === "string" ? content : content.map((row) => `${JSON.stringify(row)}\n`).join("");
  writeFileSync(path, text);
  return path;
}

/** A file of each format that training reads. */
export function writeData(folder: string) {
  const chats = questions.map(({ prompt, answer }) => ({ prompt, completion: answer }));
  const preferences = questions.map(({ prompt, answer }) => ({ prompt, chosen: answer, rejected: prompt }));
  const tasks = questions.map(({ prompt }, i) => ({ prompt, answer: i % 10 }));
  return {
    text: writeFile(folder, "text.txt", alphabet),
    chat: writeFile(folder, "chats.jsonl", chats),
    preferences: writeFile(folder, "preferences.jsonl", preferences),
    tasks: writeFile(folder, "tasks.jsonl", tasks),
  };
}

const smallest = { contextLength: 48, numLayers: 1, numHeads: 2, width: 16 };

/** Writes a model with fresh weights that speaks bytes, and opens its folder. */
export async function writePretrained(
  path: string,
  tokenizer: Tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] }),
  model: Decoder = gpt2({ ...smallest, vocabSize: tokenizer.vocabSize }),
): Promise<Folder> {
  const layout = layOut(model.parameters, adamw({ lr: 1 }));
  const flat = new Float32Array(layout.size);
  initialiseAll(layout, flat, 7);
  const folder = openFolder(path);
  await saveModel(folder, { model, tokenizer, weights: weightsOf(layout, flat) });
  return folder;
}

const objectives = {
  ...{ text: { kind: "nextToken" }, chat: { kind: "nextToken" }, notes: { kind: "nextToken" } },
  preferences: { kind: "dpo" },
  // Of bytes drawn at random some are the digit that is right.
  tasks: { kind: "grpo", reward: "number", groupSize: 16, maxTokens: 20 },
};

type Change = { [K in keyof RecipeInput]?: Partial<RecipeInput[K]> };

/** A recipe that goes on from the model at `from`; it trains for six steps, evaluating and saving on the way. */
export function finetuneRecipe(
  from: string,
  format: "text" | "chat" | "preferences" | "notes" | "tasks",
  files: string,
  { data, model, objective, optimizer, training, generation, features }: Change = {},
): Recipe {
  const recipe = {
    data: { files, format, validationFraction: 0.2, ...data },
    features: features ?? { kind: "pretrained" },
    model: { kind: "pretrained", from, ...model },
    objective: { ...objectives[format], ...objective },
    optimizer: { kind: "adamw", lr: 1e-2, weightDecay: 0, schedule: { kind: "constant" }, ...optimizer },
    training: { batchSize: 2, steps: 6, evaluateEvery: 3, checkpointEvery: 2, ...training },
    generation: { ...generation },
  };
  return resolveRecipe<Recipe>(recipe, "a test");
}
