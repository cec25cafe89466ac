import { resolve } from "node:path";
import type { SavedModel } from "../../../interop/model-folder.js";
import { startEngine } from "../../../serving/engine/worker-engine.js";
import { ServingError } from "../../../serving/errors.js";
import type { Served } from "../../../serving/http/served.js";
import { serveLanguage } from "../../../serving/openai/served.js";
import { chatPage } from "../../../serving/page/page.js";
import type { Named, ServeRequest } from "../../modality.js";
import type { Answering } from "./options.js";

/** A decoder in a thread of its own behind OpenAI's routes, with the chat page. */
export async function serveDecoder(
  { place }: Named<SavedModel>,
  { name, options, device, maxConcurrent }: ServeRequest,
): Promise<Served> {
  const { adapter, weights, maxTokens, prefixCache } = options as Answering;
  const adapters = readAdapters(adapter, name);
  const prefixCacheBytes = prefixCache * 2 ** 20;
  const sizes = { maxActive: maxConcurrent, prefixCacheBytes };
  const engine = await startEngine({ folder: place.location, weights, adapters, device, ...sizes });
  const { contextLength, generation, parameterCount } = engine.modelInfo;
  const { maxTokens: _usual, ...defaults } = generation;
  const model = { name, contextLength };
  const served = serveLanguage({
    ...{ engine, tokenizer: engine.tokenizer, model, defaults },
    adapters: engine.modelInfo.adapters,
    maxTokensPerRequest: maxTokens,
    page: chatPage(),
  });
  return {
    ...served,
    facts: { ...served.facts, parameterCount, prefixCacheBytes },
    description: `${parameterCount.toLocaleString("en-US")} parameters, context ${contextLength}`,
    close: () => engine.close(0),
  };
}

function readAdapters(given: readonly string[], model: string): Record<string, string> {
  const pairs = given.map((text) => /^([^=]+)=(.+)$/s.exec(text)!.slice(1));
  const names = [model, ...pairs.map(([name]) => name)];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return Object.fromEntries(pairs.map(([name, folder]) => [name, resolve(folder)]));
  throw new ServingError(
    "two models have the same name",
    `${JSON.stringify(twice)}, among ${names.join(", ")}`,
    "give each --adapter another name, and not that of the model's folder",
  );
}
