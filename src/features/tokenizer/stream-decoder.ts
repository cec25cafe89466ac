import type { Tokenizer } from "./tokenizer.js";

/** Text from ids that arrive one at a time. The returned parts joined are `decode` of all ids. */
export interface StreamDecoder {
  /** The text that is complete after this id: never half a character, so sometimes "". */
  push(id: number): string;
  /** What is left; an unfinished character comes out as U+FFFD. */
  end(): string;
}

/** Decodes ids as they are generated. */
export function streamDecoder(tokenizer: Tokenizer): StreamDecoder {
  return tokenizer.tokenBytes ? new ByteStream(tokenizer) : new WindowStream(tokenizer);
}

/** For tokens that are bytes: the platform's decoder keeps the unfinished character. */
class ByteStream implements StreamDecoder {
  private decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  constructor(private readonly tokenizer: Tokenizer) {}

  push(id: number): string {
    return this.decoder.decode(this.tokenizer.tokenBytes!(id), { stream: true });
  }

  end(): string {
    return this.decoder.decode();
  }
}

/**
 * For tokens whose text depends on their neighbours (a leading space that is dropped at the start):
 * decode the last tokens with and without the new one, and return the difference. The window moves on
 * when the text is complete, as in Hugging Face's `DecodeStream`.
 */
class WindowStream implements StreamDecoder {
  private ids: number[] = [];
  private shownIds = 0;
  private shown = "";

  constructor(private readonly tokenizer: Tokenizer) {}

  push(id: number): string {
    this.ids.push(id);
    const text = this.tokenizer.decode(this.ids);
    if (text.length <= this.shown.length || text.endsWith("\uFFFD")) return "";
    const fresh = text.slice(this.shown.length);
    this.ids = this.ids.slice(this.shownIds);
    this.shownIds = this.ids.length;
    this.shown = this.tokenizer.decode(this.ids);
    return fresh;
  }

  end(): string {
    const rest = this.tokenizer.decode(this.ids).slice(this.shown.length);
    this.ids = [];
    this.shownIds = 0;
    this.shown = "";
    return rest;
  }
}
