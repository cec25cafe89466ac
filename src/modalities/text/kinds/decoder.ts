/** Language models: they continue texts, chat, and are measured by how well they predict. */
import type { GenerationDefaults } from "../../../interop/generation-config.js";
import type { SavedModel } from "../../../interop/model-folder.js";
import { adapterType, type ModelKind, type Use } from "../../modality.js";
import { baseOf } from "./base-of.js";
import {
  answering,
  type Choosing,
  type Comparing,
  type Continuing,
  choosing,
  comparing,
  continuing,
  type MeasuringNotes,
  measuringNotes,
  type Predicting,
  predicting,
  type Sliding,
  sliding,
  type Talking,
  talking,
} from "./options.js";

const generate: Use<SavedModel> = {
  verb: "generate",
  summary: "continue texts",
  options: continuing,
  examples: [
    'runs/notes --prompt "The sea" --max-tokens 200 --temperature 0.8 --seed 1',
    'runs/notes --prompt "The sea" --prompt "The land" --temperature 0 --json',
    'cat start.txt | autodidact generate runs/notes --prompt - --stop "THE END"',
  ],
  run: async function* (model, { options, onText }, around) {
    const { continueTexts } = await import("./continue.js");
    yield* continueTexts(model, options as Continuing, around, onText);
  },
};

const measures: readonly Use<SavedModel>[] = [
  {
    verb: "evaluate",
    name: "loss",
    summary: "how well texts are predicted",
    options: predicting,
    askedBy: "data",
    examples: ["runs/notes --data held-out.txt --json"],
    run: async function* (model, { options }, around) {
      const { predict } = await import("./predict.js");
      yield* predict(model, options as Predicting, around);
    },
  },
  {
    verb: "evaluate",
    name: "multiple-choice",
    summary: "how often the right answer is picked",
    options: choosing,
    askedBy: "multipleChoice",
    examples: ["runs/notes --multiple-choice hellaswag_val.jsonl"],
    run: async function* (model, { options }, around) {
      const { chooseAnswers } = await import("./measures.js");
      yield* chooseAnswers(model, options as Choosing, around);
    },
  },
  {
    verb: "evaluate",
    name: "perplexity",
    summary: "how well texts are predicted by a sliding window",
    options: sliding,
    askedBy: "perplexity",
    examples: ['runs/notes --perplexity "texts/**/*.txt" --stride 512'],
    run: async function* (model, { options }, around) {
      const { slideOver } = await import("./measures.js");
      yield* slideOver(model, options as Sliding, around);
    },
  },
  {
    verb: "evaluate",
    name: "against",
    summary: "what it writes beside another model",
    options: comparing,
    askedBy: "against",
    examples: ["runs/notes --against runs/older --prompts prompts.txt"],
    run: async function* (model, { options, onText }, around) {
      const { writeBeside } = await import("./measures.js");
      yield* writeBeside(model, options as Comparing, around, onText);
    },
  },
  {
    verb: "evaluate",
    name: "notes",
    summary: "what a run learned of its notes, and what it forgot of other texts, before and after",
    options: measuringNotes,
    examples: ["runs/notes --metric notes", "runs/notes --metric notes --general novels.txt --json"],
    run: async function* (model, { options }, around) {
      const { measureNotes } = await import("./measure-notes.js");
      yield* measureNotes(model, options as MeasuringNotes, around);
    },
  },
];

export const decoder: ModelKind<SavedModel & { readonly generation?: GenerationDefaults }> = {
  name: "language model",
  modelTypes: ["gpt2", "llama", "qwen2", "qwen3", "smollm3", "gemma3_text", adapterType],
  fits: ({ music }) => music === undefined,
  open: async (folder, around) => {
    const { openModel } = await import("../../../interop/model-folder.js");
    return openModel(folder, "latest", baseOf(around));
  },
  uses: [generate, ...measures],
  exports: [
    {
      name: "safetensors",
      summary: "a folder for Hugging Face Transformers and everything built on it",
      precisions: ["float32"],
      write: async (model, to) => (await import("./export.js")).writeSafetensors(model, to),
    },
    {
      name: "onnx",
      summary: "the same with onnx/model.onnx, for @huggingface/transformers in Node and browsers",
      precisions: ["float32", "int8", "int4"],
      write: async (model, to, precision) => (await import("./export.js")).writeOnnx(model, to, precision),
    },
    {
      name: "gguf",
      summary: "one file for llama.cpp and everything built on it",
      precisions: ["float32", "float16", "q8_0"],
      write: async (model, to, precision) => (await import("./export.js")).writeGguf(model, to, precision),
    },
    {
      name: "adapter",
      summary: "of a LoRA run: the adapter alone, for PEFT; the other formats have it merged into its base",
      precisions: ["float32"],
      write: async (model, to, _, around) => (await import("./export.js")).writeAdapter(model, to, around),
    },
  ],
  talk: {
    options: talking,
    start: async (model, options, around) =>
      (await import("./conversation.js")).converse(model, options as Talking, around),
  },
  serving: {
    options: answering,
    examples: ["runs/notes --port 8080", "runs/notes --weights int8 --adapter pirate=adapters/pirate"],
    start: async (model, request) => (await import("./serve.js")).serveDecoder(model, request),
  },
};
