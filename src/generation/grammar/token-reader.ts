import { tokenToBytes } from "../../features/tokenizer/byte-alphabet.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { GenerationError } from "../errors.js";

/** Gives the bytes that a token stands for, or undefined for an id without a token. */
export type TokenReader = (id: number) => Uint8Array | undefined;

/** A part of a `tokenizer.json`. */
type Part = Readonly<Record<string, unknown>>;

/** Turns a spelled token into text or bytes, one of the steps of a decoder. */
type Step = (token: string | Uint8Array) => string | Uint8Array;

const UTF8 = new TextEncoder();

/**
 * How a tokenizer's tokens become bytes: by the tokenizer itself, or by the decoder of its file. Throws
 * `GenerationError` where a token's text depends on its neighbours (WordPiece and its like).
 */
export function tokenReader(tokenizer: Tokenizer): TokenReader {
  if (tokenizer.tokenBytes) return (id) => tokenizer.tokenBytes!(id);
  const { decoder, added_tokens: list = [] } = tokenizer.toJSON() as {
    decoder?: Part;
    added_tokens?: Part[];
  };
  const added = new Map(list.map(({ id, content }) => [id as number, content as string]));
  const steps =
    decoder?.type === "Sequence" ? sequence(decoder.decoders as readonly Part[]) : [stepOf(decoder)];
  return (id) => {
    const token = added.get(id) ?? tokenizer.idToToken(id);
    if (token === undefined) return undefined;
    const read = added.has(id) ? token : steps.reduce<string | Uint8Array>((at, step) => step(at), token);
    return typeof read === "string" ? UTF8.encode(read) : read;
  };
}

function sequence(decoders: readonly Part[]): Step[] {
  const fuse = decoders.findIndex(({ type }) => type === "Fuse");
  if (fuse < 0) return decoders.map(stepOf);
  // Behind Fuse the whole text is one token; stripping its start takes a space, and no JSON starts with one.
  const unusual = decoders
    .slice(fuse + 1)
    .find(({ type, content, stop }) => type !== "Strip" || content !== " " || stop);
  if (unusual) throw unreadable(unusual);
  return decoders.slice(0, fuse).map(stepOf);
}

function stepOf(decoder: Part | undefined): Step {
  const pattern = (decoder?.pattern as Part | undefined)?.String;
  switch (decoder?.type) {
    case "ByteLevel":
      return onText(tokenToBytes);
    case "ByteFallback":
      return onText((token) => {
        const [, byte] = token.match(/^<0x([\dA-F]{2})>$/i) ?? [];
        return byte === undefined ? token : Uint8Array.of(Number.parseInt(byte, 16));
      });
    case "Metaspace": // it also drops a space at the start of the text, and no JSON starts with one
      return onText((token) => token.replaceAll((decoder.replacement as string | undefined) ?? "▁", " "));
    case "Replace":
      if (typeof pattern !== "string") throw unreadable(decoder);
      return onText((token) => token.replaceAll(pattern, (decoder.content as string | undefined) ?? ""));
    default:
      throw unreadable(decoder);
  }
}

function onText(read: (token: string) => string | Uint8Array): Step {
  return (token) => (typeof token === "string" ? read(token) : token);
}

function unreadable(decoder: Part | undefined): GenerationError {
  return new GenerationError(
    "JSON answers are not possible with this tokenizer: the text of its tokens depends on their neighbours",
    `decoder ${JSON.stringify(decoder ?? null)}`,
    "leave the JSON schema (response_format) out, or take a model with a byte-level or SentencePiece tokenizer",
  );
}
