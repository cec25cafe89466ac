/** From a request's texts to token ids that fit the context. */
import { AutodidactError } from "../../core/errors.js";
import { shown } from "../../data/chat/messages.js";
import { encodeText, type Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { ApiError, badField } from "../http/api-error.js";

export class PromptEncoder {
  private readonly longestToken: number;

  constructor(
    private readonly tokenizer: Tokenizer,
    readonly contextLength: number,
  ) {
    this.longestToken = longestToken(tokenizer);
  }

  /**
   * The ids of a text; an empty one starts from the end-of-text token, as if a document had just ended. Throws
   * `ApiError` 400, which names `param`, for a text that cannot be encoded or is longer than the context.
   */
  encode(text: string, param: string): Int32Array {
    if (/\p{Surrogate}/u.test(text)) throw notUnicode(param);
    this.refuseLong(text.length, 0, param);
    try {
      return this.whole(encodeText(this.tokenizer, text), param);
    } catch (error) {
      throw error instanceof AutodidactError && !(error instanceof ApiError) ? badField(error, param) : error;
    }
  }

  /**
   * Throws `ApiError` 400 for so many characters, in parts of at least one token, that they cannot fit: the time
   * to encode grows with them.
   */
  refuseLong(characters: number, parts: number, param: string): void {
    const atLeast = Math.max(parts, Math.ceil(characters / this.longestToken));
    if (atLeast > this.contextLength) throw tooLong(`at least ${atLeast}`, this.contextLength, param);
  }

  /** Checks ids that a client encoded itself. */
  check(ids: readonly number[], param: string): Int32Array {
    const unknown = ids.find((id) => this.tokenizer.idToToken(id) === undefined);
    if (unknown === undefined) return this.whole(Int32Array.from(ids), param);
    throw new ApiError(
      400,
      "the prompt has a token that the vocabulary lacks",
      `token ${unknown}, ids go from 0 to ${this.tokenizer.vocabSize - 1}`,
      "encode with this model's tokenizer, or send text",
      { param },
    );
  }

  /**
   * How many tokens to write after the prompt: as many as were asked for, or what the context and the server's
   * limit leave. Throws `ApiError` 400 when they do not fit.
   */
  room(prompt: Int32Array, asked: number | undefined, most = Number.POSITIVE_INFINITY): number {
    if (asked !== undefined && asked > most) throw overLimit(asked, most);
    const left = this.contextLength - prompt.length;
    if (left < (asked ?? 1)) throw exceeds(prompt.length, asked ?? 1, this.contextLength);
    return asked ?? Math.min(left, most);
  }

  private whole(ids: Int32Array, param: string): Int32Array {
    if (ids.length > this.contextLength) throw tooLong(String(ids.length), this.contextLength, param);
    if (ids.length > 0) return ids;
    if (this.tokenizer.endOfText !== undefined) return Int32Array.of(this.tokenizer.endOfText);
    throw new ApiError(
      400,
      "the prompt is empty, and the model has no end-of-text token to start from",
      shown(""),
      "send at least one character",
      { param },
    );
  }
}

/** In UTF-8 bytes or, where tokens are no bytes, in characters: no text has fewer tokens than its length by this. */
function longestToken(tokenizer: Tokenizer): number {
  let longest = 1;
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    const token = tokenizer.tokenBytes?.(id) ?? tokenizer.idToToken(id) ?? "";
    longest = Math.max(longest, token.length);
  }
  return longest;
}

function notUnicode(param: string): ApiError {
  return new ApiError(
    400,
    "the text is not valid Unicode",
    "half of a surrogate pair",
    "escape characters beyond U+FFFF in JSON as both halves, or not at all",
    { param },
  );
}

function tooLong(count: string, contextLength: number, param: string): ApiError {
  return contextError(`the prompt has ${count} tokens, the context is ${contextLength}`, param);
}

function exceeds(prompt: number, asked: number, contextLength: number): ApiError {
  const sum = `${prompt + asked} tokens (${prompt} in the prompt, ${asked} to write)`;
  return contextError(`${sum}, the context is ${contextLength}`, "max_tokens");
}

function contextError(values: string, param: string): ApiError {
  return new ApiError(
    400,
    "the request is longer than the model's context",
    values,
    "shorten the prompt, or ask for fewer tokens",
    { param, code: "context_length_exceeded" },
  );
}

function overLimit(asked: number, most: number): ApiError {
  return new ApiError(
    400,
    "the request asks for more tokens than the server writes in one answer",
    `${asked}, the server writes ${most}`,
    "ask for fewer",
    { param: "max_tokens" },
  );
}
