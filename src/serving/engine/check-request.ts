/** What an engine refuses before it begins, so that one request never harms another. */
import { GenerationError } from "../../generation/errors.js";
import { checkSampling } from "../../generation/sampling.js";
import type { Decoder } from "../../models/decoder.js";
import { ServingError } from "../errors.js";
import { type GenerationRequest, RequestError } from "./engine.js";

type Sizes = Pick<Decoder, "contextLength" | "vocabSize">;

/** Throws `RequestError` for numbers out of range, a prompt that does not fit, or an unknown adapter. */
export function checkRequest(request: GenerationRequest, model: Sizes, adapters: readonly string[]): void {
  const { prompt, maxTokens, sampling, seed, stop, topLogprobs = 0, adapter } = request;
  checkIds(prompt, model);
  checkCount("maxTokens", maxTokens);
  checkCount("topLogprobs", topLogprobs);
  if (prompt.length + maxTokens > model.contextLength) {
    throw new RequestError(
      "the prompt and its answer do not fit the model's context",
      `${prompt.length} tokens and up to ${maxTokens} more, of at most ${model.contextLength}`,
      "shorten the prompt, or ask for fewer tokens",
    );
  }
  if (!Number.isSafeInteger(seed)) {
    throw new RequestError("the seed is not a whole number", String(seed), "give one below 2^53");
  }
  if (stop.includes("")) {
    throw new RequestError("a stop string is empty", JSON.stringify(stop), "leave it out");
  }
  if (adapter !== undefined && !adapters.includes(adapter)) {
    throw new RequestError(
      "the model has no such adapter",
      `${JSON.stringify(adapter)}; there are ${adapters.join(", ") || "none"}`,
      "name one of those, or none for the base model",
    );
  }
  try {
    checkSampling(sampling);
  } catch (error) {
    throw ofRequest(error);
  }
}

/** Throws `RequestError` for no ids, and for one that the model has no embedding for. */
export function checkIds(ids: Int32Array, { vocabSize }: Sizes): void {
  if (ids.length === 0) {
    throw new RequestError("the prompt is empty", "0 tokens", "give a prompt of at least one token");
  }
  const wrong = ids.find((id) => id < 0 || id >= vocabSize);
  if (wrong === undefined) return;
  throw new RequestError(
    "the prompt has a token that the model does not know",
    `id ${wrong}, of ${vocabSize} tokens`,
    "encode the prompt with the model's own tokenizer",
  );
}

function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new RequestError(`the ${name} is no count`, String(value), "give a whole number of 0 or more");
}

/** What a setting, text or schema was refused for, as the request's fault. Other errors stay what they are. */
export function ofRequest(error: unknown): unknown {
  const isOurs = error instanceof GenerationError || error instanceof ServingError;
  if (!isOurs || error instanceof RequestError) return error;
  return new RequestError(error.what, error.values, error.advice, { cause: error });
}
