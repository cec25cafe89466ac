/** Log-probabilities of tokens in the two forms of OpenAI's API. */
import { type StreamDecoder, streamDecoder } from "../../features/tokenizer/stream-decoder.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { TokenReport } from "../engine/engine.js";

/** JSON has no infinity; OpenAI's API writes this instead. */
const impossible = -9999;

const finite = (logprob: number | null) => (logprob === null ? null : Math.max(logprob, impossible));

/** A chat choice's `logprobs`. */
export function chatLogprobs(tokenizer: Tokenizer, tokens: readonly TokenReport[]) {
  const entry = ({ id, logprob }: { id: number; logprob: number | null }) => ({
    token: tokenText(tokenizer, id),
    logprob: finite(logprob),
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
  private isBegun = false;

  constructor(private readonly tokenizer: Tokenizer) {
    this.decoder = streamDecoder(tokenizer);
  }

  next(tokens: readonly TokenReport[]) {
    return {
      tokens: tokens.map(({ id }) => tokenText(this.tokenizer, id)),
      token_logprobs: tokens.map(({ logprob }) => finite(logprob)),
      top_logprobs: tokens.map((token) => this.likeliest(token)),
      text_offset: tokens.map(({ id }) => this.advance(id)),
    };
  }

  /** The token itself is always among them, as in OpenAI's API. */
  private likeliest({ top, ...self }: TokenReport): Record<string, number | null> | null {
    if (self.logprob === null) return null;
    return Object.fromEntries(
      [...top, self].map(({ id, logprob }) => [tokenText(this.tokenizer, id), finite(logprob)]),
    );
  }

  private advance(id: number): number {
    const start = this.offset;
    // The token that the tokenizer puts before a text is no part of the text that is echoed.
    if (!this.isBegun && id === this.tokenizer.beginOfText) {
      this.isBegun = true;
      return start;
    }
    this.isBegun = true;
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
