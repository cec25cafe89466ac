/** Log-probabilities of tokens in the two forms of OpenAI's API. */
import { type StreamDecoder, streamDecoder } from "../../features/tokenizer/stream-decoder.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { TokenReport } from "../engine/engine.js";

/** JSON has no infinity; OpenAI's API writes this instead. */
const impossible = -9999;

/** A chat choice's `logprobs`. */
export function chatLogprobs(tokenizer: Tokenizer, tokens: readonly TokenReport[]) {
  const entry = ({ id, logprob }: { id: number; logprob: number }) => ({
    token: tokenText(tokenizer, id),
    logprob: Math.max(logprob, impossible),
    bytes: bytesOf(tokenizer, id),
  });
  const content = tokens.map((token) => ({ ...entry(token), top_logprobs: token.top.map(entry) }));
  return { content, refusal: null };
}

/** A plain completion's `logprobs`, part by part while the text grows. */
export class CompletionLogprobs {
  private readonly decoder: StreamDecoder;
  /** Characters (code points) that are complete so far. */
  private offset = 0;

  constructor(private readonly tokenizer: Tokenizer) {
    this.decoder = streamDecoder(tokenizer);
  }

  next(tokens: readonly TokenReport[]) {
    return {
      tokens: tokens.map(({ id }) => tokenText(this.tokenizer, id)),
      token_logprobs: tokens.map(({ logprob }) => Math.max(logprob, impossible)),
      top_logprobs: tokens.map((token) => this.likeliest(token)),
      text_offset: tokens.map(({ id }) => this.advance(id)),
    };
  }

  /** The token itself is always among them, as in OpenAI's API. */
  private likeliest({ top, ...self }: TokenReport): Record<string, number> {
    return Object.fromEntries(
      [...top, self].map(({ id, logprob }) => [tokenText(this.tokenizer, id), Math.max(logprob, impossible)]),
    );
  }

  private advance(id: number): number {
    const start = this.offset;
    this.offset += [...this.decoder.push(id)].length;
    return start;
  }
}

/** A token's text; one that is a part of a character shows its bytes, such as `bytes:\xe2\x82`. */
function tokenText(tokenizer: Tokenizer, id: number): string {
  const bytes = tokenizer.tokenBytes?.(id);
  if (!bytes) return tokenizer.decode([id]);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return `bytes:${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}`;
  }
}

function bytesOf(tokenizer: Tokenizer, id: number): number[] | null {
  const bytes = tokenizer.tokenBytes?.(id);
  return bytes ? [...bytes] : null;
}
