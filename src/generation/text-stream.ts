import { type StreamDecoder, streamDecoder } from "../features/tokenizer/stream-decoder.js";
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";

/**
 * The text of a continuation while its tokens arrive: complete characters only, and nothing that may still
 * turn out to be the start of a stop string.
 */
export class TextStream {
  private readonly decoder: StreamDecoder;
  /** Everything that is decoded; up to `shown` it has been handed out. */
  private decoded = "";
  private shown = 0;

  constructor(
    tokenizer: Tokenizer,
    private readonly stops: readonly string[],
    private readonly onText: (text: string) => void,
  ) {
    this.decoder = streamDecoder(tokenizer);
  }

  /** The text so far, without a stop string. */
  get text(): string {
    return this.decoded.slice(0, this.shown);
  }

  /** Takes the next token. True when a stop string is complete: the text then ends before it. */
  push(id: number): boolean {
    return this.add(this.decoder.push(id));
  }

  /** Takes the next token, in which no stop string can begin or end. */
  pushWhole(id: number): void {
    this.decoded += this.decoder.push(id);
    this.show(this.decoded.length);
  }

  /**
   * No more tokens follow. True when the last characters complete a stop string. Of a text that was cut, a character that
   * is not whole is left out; otherwise it comes out as U+FFFD.
   */
  end(isCut = false): boolean {
    const rest = this.decoder.end();
    if (this.add(isCut ? rest.replace(/\uFFFD+$/, "") : rest)) return true;
    this.show(this.decoded.length);
    return false;
  }

  private add(fresh: string): boolean {
    this.decoded += fresh;
    const found = this.stops
      .map((stop) => this.decoded.indexOf(stop, this.shown))
      .filter((place) => place >= 0);
    if (found.length > 0) {
      this.show(Math.min(...found));
      return true;
    }
    this.show(this.decoded.length - this.possibleStart());
    return false;
  }

  /** Length of the longest end of the text that begins a stop string. */
  private possibleStart(): number {
    const rest = this.decoded.slice(this.shown);
    const longest = Math.max(0, ...this.stops.map((stop) => stop.length - 1));
    for (let length = Math.min(longest, rest.length); length > 0; length--) {
      const end = rest.slice(rest.length - length);
      if (this.stops.some((stop) => stop.startsWith(end))) return length;
    }
    return 0;
  }

  private show(until: number): void {
    if (until > this.shown) this.onText(this.decoded.slice(this.shown, until));
    this.shown = Math.max(this.shown, until);
  }
}
