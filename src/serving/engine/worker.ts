/** The model's thread: opens and compiles the model, then answers. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { nodeRuntime } from "../../core/runtime/node.js";
import { type Runtime, withDevice } from "../../core/runtime/session.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { openFolder } from "../../files/disk.js";
import type { LoadedAdapter } from "../../generation/adapters.js";
import { compileDecoder } from "../../generation/decoder-session.js";
import { compileEmbedder, type Embedder } from "../../generation/embedder.js";
import type { CompileCalls, CompileConstraint } from "../../generation/grammar/constraint.js";
import { adaptedLayers, loadAdapter } from "../../interop/adapter.js";
import { fetchModel } from "../../interop/hub/fetch-model.js";
import { openModelFolder } from "../../interop/hub/open-model-folder.js";
import { locateModel, openModel } from "../../interop/model-folder.js";
import type { Decoder } from "../../models/decoder.js";
import type { Weights } from "../../nn/weights.js";
import { threadData } from "../../threads/start-thread.js";
import { ServingError } from "../errors.js";
import { vocabularyOf } from "./continuation.js";
import { ModelThread } from "./model-thread.js";
import { type EngineOptions, partsOf, type ThreadMessage } from "./thread-messages.js";

async function start(port: MessagePort, options: EngineOptions): Promise<void> {
  const { model, weights, tokenizer, generation = {} } = await open(options);
  if (!tokenizer) throw noTokenizer(options.folder);
  const { weights: kind = "float32", threads, maxActive, prefixCacheBytes = 2 ** 28 } = options;
  const named = Object.entries(options.adapters ?? {});
  const names = named.map(([name]) => name);
  const adapters = await Promise.all(named.map(([, path]) => openAdapter(path, model)));
  const runtime = withDevice(nodeRuntime, options.device ?? "cpu");
  const session = await compileDecoder(runtime, model, weights, { weights: kind, threads, adapters });
  const { endTokens } = generation;
  const compilers = constraints(tokenizer, model.vocabSize, endTokens);
  // Rounded matrices take little memory: the exact ones are read again when they are asked for.
  const exact = kind === "float32" ? weights : undefined;
  const openEmbedder = embedder(runtime, model, async () => exact ?? (await open(options)).weights, threads);
  const sizes = { maxActive, prefixCacheBytes };
  const parts = { port, openEmbedder, session, tokenizer, endTokens, ...compilers, ...sizes };
  const thread = new ModelThread({ ...parts, adapters: names });
  port.on("message", (command) => thread.receive(command));
  const { contextLength, vocabSize } = model;
  const parameterCount = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
  port.postMessage({
    kind: "ready",
    tokenizer: tokenizer.toJSON(),
    tokenizerConfig: tokenizer.config,
    info: { contextLength, vocabSize, parameterCount, generation, adapters: names },
  } satisfies ThreadMessage);
}

function open({ folder, checkpoint }: EngineOptions): ReturnType<typeof openModel> {
  return openModel(openModelFolder(folder), checkpoint, async (base) =>
    openModelFolder(await fetchModel(base)),
  );
}

/** Reads an adapter's folder, or that of the run which made it. Throws `CheckpointError` when it does not fit. */
async function openAdapter(path: string, model: Decoder): Promise<LoadedAdapter> {
  const adapter = await loadAdapter(await locateModel(openFolder(path)));
  adaptedLayers(model, adapter.weights);
  return adapter;
}

/** Loads the compiler of grammars when the first schema comes. */
function constraints(
  tokenizer: Tokenizer,
  vocabSize: number,
  endTokens: readonly number[] | undefined,
): { compileConstraint: CompileConstraint; compileCalls: CompileCalls } {
  const load = once(async () => {
    const { JsonCompiler } = await import("../../generation/grammar/json-schema-constraint.js");
    const { callConstraints } = await import("../../generation/grammar/call-constraint.js");
    const ends = [...vocabularyOf(tokenizer, endTokens).endTokens];
    const compiler = new JsonCompiler(tokenizer, vocabSize, ends);
    return { compiler, compileCalls: callConstraints(compiler) };
  });
  return {
    compileConstraint: async (schema) => (await load()).compiler.compile(schema),
    compileCalls: async (calls) => (await load()).compileCalls(calls),
  };
}

/** Compiles the embedder when the first text comes. */
function embedder(
  runtime: Runtime,
  model: Decoder,
  weights: () => Promise<Weights>,
  threads: number | undefined,
): () => Promise<Embedder> {
  return once(async () => compileEmbedder(runtime, model, await weights(), { threads }));
}

/** Makes something at its first use; a failure is tried again at the next. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

function noTokenizer(folder: string): ServingError {
  return new ServingError(
    "the model has no tokenizer to read and write text with",
    `${folder} has neither tokenizer.json nor vocab.json`,
    "add the tokenizer that the model was trained with",
  );
}

const port = parentPort!;
start(port, threadData()).catch((error) => {
  port.postMessage({ kind: "failed", error: partsOf(error) } satisfies ThreadMessage);
  port.close();
});
