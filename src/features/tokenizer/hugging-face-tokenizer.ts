import { Tokenizer as HuggingFaceModel } from "@huggingface/tokenizers";
import type { AddedToken } from "./added-tokens.js";
import { byteToken } from "./byte-alphabet.js";
import { findBeginOfText } from "./post-processor.js";
import { findEndOfText, type Tokenizer, TokenizerError, unknownId } from "./tokenizer.js";
import { isObject, type JsonObject } from "./tokenizer-file.js";

/**
 * Any other `tokenizer.json` (Llama, T5, BERT, Qwen, ...), run by `@huggingface/tokenizers`. Slower than
 * our own: some 0.5 MB/s of English.
 */
export class HuggingFaceTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly endOfText: number | undefined;
  readonly beginOfText: number | undefined;
  readonly specialTokens: ReadonlyMap<string, number>;
  private readonly model: HuggingFaceModel;
  private readonly idOf: Map<string, number>;
  private readonly tokens: string[] = [];

  /** Throws `TokenizerError` when the library cannot build what the file describes. */
  constructor(
    private readonly json: JsonObject,
    addedTokens: readonly AddedToken[],
    endOfText: string | undefined,
    readonly config: Readonly<Record<string, unknown>>,
    source: string,
  ) {
    [this.model, this.idOf] = built(json, config, source);
    for (const [token, id] of this.idOf) this.tokens[id] = token;
    this.vocabSize = this.tokens.length;
    this.specialTokens = new Map(addedTokens.filter((t) => t.special).map((t) => [t.content, t.id]));
    this.endOfText = findEndOfText(this, endOfText);
    this.beginOfText = findBeginOfText(this, json.post_processor);
  }

  /** Throws `TokenizerError` for a text with a part that no token stands for. */
  encode(text: string): Int32Array {
    const { ids, tokens } = this.withBytes(encoded(this.model, text));
    const at = ids.findIndex((id) => this.tokens[id] === undefined);
    if (at < 0) return Int32Array.from(ids);
    throw new TokenizerError(
      "the text has a part that the tokenizer's vocabulary lacks",
      `${JSON.stringify(tokens[at] ?? text.slice(0, 40))}; the vocabulary has no unknown token`,
      "leave that part out, or name an unk_token in tokenizer.json that the model was trained with",
    );
  }

  /** The library's Unigram model leaves out what its file asks for: characters without a token become their bytes. */
  private withBytes(found: Encoded): Encoded {
    const { model } = this.json;
    if (!isObject(model) || model.type !== "Unigram" || model.byte_fallback !== true) return found;
    const parts = found.tokens.flatMap((token, i) => {
      const bytes = this.idOf.has(token) ? [token] : Array.from(UTF8.encode(token), byteToken);
      const known = bytes.every((byte) => this.idOf.has(byte)) ? bytes : [token];
      return known.map((text) => ({ text, id: this.idOf.get(text) ?? found.ids[i] }));
    });
    return { ids: parts.map(({ id }) => id), tokens: parts.map(({ text }) => text) };
  }

  decode(ids: ArrayLike<number>): string {
    const list = Array.from(ids);
    const unknown = list.find((id) => this.tokens[id] === undefined);
    if (unknown !== undefined) throw unknownId(unknown, this.vocabSize);
    return list.length === 0 ? "" : this.model.decode(list);
  }

  tokenToId(token: string): number | undefined {
    return this.idOf.get(token);
  }

  idToToken(id: number): string | undefined {
    return this.tokens[id];
  }

  toJSON(): object {
    return this.json;
  }
}

interface Encoded {
  readonly ids: number[];
  readonly tokens: string[];
}

const UTF8 = new TextEncoder();

function encoded(model: HuggingFaceModel, text: string): Encoded {
  return model.encode(text, { add_special_tokens: false });
}

/** The library finds some of what it cannot run when it first runs it, so the parts are tried. */
function built(
  json: object,
  config: Readonly<Record<string, unknown>>,
  source: string,
): [HuggingFaceModel, Map<string, number>] {
  const refuse = (found: string, cause?: unknown) =>
    new TokenizerError(
      "the tokenizer file describes something that @huggingface/tokenizers cannot build",
      `${source}: ${found}`,
      "fetch the file again; if it is whole, its kind of tokenizer is not supported",
      { cause },
    );
  try {
    const model = new HuggingFaceModel(json, { ...config, clean_up_tokenization_spaces: false });
    const idOf = model.get_vocab();
    model.decode([...idOf.values()].slice(0, 1));
    if (encoded(model, "A word, 1 number.").ids.length > 0) return [model, idOf];
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : String(cause), cause);
  }
  throw refuse("it gives no tokens for a text");
}
