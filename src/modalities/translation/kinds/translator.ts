/** Models that translate. */
import { z } from "zod";
import type { Export, ModelKind, Named, Use } from "../../modality.js";
import {
  type BackTranslatingOptions,
  backTranslatingOptions,
  type MeasuringOptions,
  measuringOptions,
  type TranslatingOptions,
  translatingOptions,
} from "./options.js";
import type { Saved } from "./saved.js";

const fileEndings = [".json", ".arb", ".po", ".xlf", ".xliff", ".md", ".txt", ".jsonl"] as const;

const translate: Use<Saved> = {
  verb: "translate",
  summary: "translate texts, or the messages of a product with every placeholder intact",
  options: translatingOptions,
  inputs: { name: "texts or files", endings: fileEndings, orTexts: true },
  makes: { endings: fileEndings, isOptional: true },
  examples: [
    'runs/en-de --to de "Two dogs play in the snow."',
    "runs/en-de --to de src/locales/en.json --out src/locales/de.json",
  ],
  run: async function* (model, request, around) {
    const { translateInputs } = await import("./translate.js");
    yield* translateInputs(model, request, request.options as TranslatingOptions, around);
  },
};

const backTranslate: Use<Saved> = {
  verb: "translate",
  summary: "make pairs to learn from out of sentences of one language",
  options: backTranslatingOptions,
  askedBy: "backTranslate",
  inputs: { name: "files of sentences", endings: [".txt", ".gz"] },
  makes: { endings: [".jsonl"] },
  examples: ["runs/en-de --back-translate --to en news.de.gz --out made.jsonl"],
  run: async function* (model, request, around) {
    const { backTranslateInputs } = await import("./back-translate.js");
    yield* backTranslateInputs(model, request, request.options as BackTranslatingOptions, around);
  },
};

const evaluate: Use<Saved> = {
  verb: "evaluate",
  name: "bleu",
  summary: "how near translations are to people's (BLEU, chrF), as sacreBLEU counts",
  options: measuringOptions,
  examples: ["runs/en-de --data test.tsv"],
  run: async function* (model, { options }, around) {
    const { measureTranslations } = await import("./measure.js");
    yield* measureTranslations(model, options as MeasuringOptions, around);
  },
};

const exports: readonly Export<Saved>[] = [
  {
    name: "safetensors",
    summary: "a folder for Hugging Face Transformers",
    precisions: ["float32"],
    async write(model: Named<Saved>, to) {
      const { saveTranslator } = await import("../../../interop/translator-folder.js");
      await saveTranslator(to, await model.open());
    },
  },
  {
    name: "onnx",
    summary: "the same with onnx/, for @huggingface/transformers in Node and browsers",
    precisions: ["float32"],
    async write(model: Named<Saved>, to) {
      const { exportTranslatorOnnx } = await import("../../../interop/translator-onnx.js");
      await exportTranslatorOnnx(to, await model.open());
    },
  },
];

export const translator: ModelKind<Saved> = {
  name: "translator",
  modelTypes: ["t5"],
  open: async (folder) => (await import("../../../interop/translator-folder.js")).openTranslator(folder),
  uses: [translate, backTranslate, evaluate],
  exports,
  serving: {
    options: z.object({}),
    examples: ["runs/en-de --port 8080"],
    start: async (model, request) => (await import("./serve.js")).serveTranslating(model, request),
  },
};
