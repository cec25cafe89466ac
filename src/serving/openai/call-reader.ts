/** Calls of functions in what a model writes, found while it writes. */
import { randomUUID } from "node:crypto";
import type { ToolStyle } from "../../features/chat/tool-style.js";

/** A part of an answer; calls are numbered from 0, and their arguments are JSON that comes in pieces. */
export type AnswerPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "call"; readonly index: number; readonly id: string; readonly name: string }
  | { readonly kind: "arguments"; readonly index: number; readonly text: string };

export interface CallReaderOptions extends Pick<ToolStyle, "open" | "close"> {
  /** The functions that may be called: JSON that names another is text where nothing opens a call. */
  readonly names: readonly string[];
  /** The answer starts behind the opening of a call. */
  readonly isOpened: boolean;
}

type Place = "text" | "head" | "arguments" | "behind" | "only text" | "over";

/**
 * Takes an answer apart. What opens a call and is none after all comes out as text, to the letter. The white space
 * around calls is the template's and is left out.
 */
export class CallReader {
  /** Calls so far. */
  count = 0;
  private place: Place;
  /** What is not told yet, and what stood before it: the white space and the opening of what may be no call. */
  private rest = "";
  private before = "";
  private json = new JsonEnd();

  constructor(private readonly options: CallReaderOptions) {
    this.place = options.isOpened || options.open === "" ? "head" : "text";
  }

  /** The arguments of the last call are not whole. */
  get isInCall(): boolean {
    return this.place === "arguments";
  }

  push(text: string): AnswerPart[] {
    this.rest += text;
    const parts: AnswerPart[] = [];
    while (this.step(parts));
    return parts;
  }

  /** No more follows: what was held back. */
  end(): AnswerPart[] {
    const { rest, place } = this;
    const behind = place === "behind" ? this.behindBrace().text : "";
    this.rest = "";
    if (place === "head") return said(this.before + rest);
    if (place === "behind") return said(this.options.close.startsWith(behind) ? "" : behind);
    return place === "text" ? this.said(rest) : [];
  }

  /** One step; false when it needs more text. */
  private step(parts: AnswerPart[]): boolean {
    switch (this.place) {
      case "text":
        return this.readText(parts);
      case "head":
        return this.readHead(parts);
      case "arguments":
        return this.readArguments(parts);
      case "behind":
        return this.readBehind();
      case "only text":
        parts.push(...said(this.rest));
        this.rest = "";
        return false;
      case "over":
        this.rest = "";
        return false;
    }
  }

  private readText(parts: AnswerPart[]): boolean {
    const { open } = this.options;
    const at = this.rest.indexOf(open);
    if (at >= 0) {
      const words = this.rest.slice(0, at).trimEnd();
      const until = at + open.length;
      parts.push(...this.said(words));
      this.before = this.rest.slice(words.length, until);
      this.rest = this.rest.slice(until);
      this.place = "head";
      return true;
    }
    const words = this.rest.slice(0, this.rest.length - beginning(this.rest, open)).trimEnd();
    parts.push(...this.said(words));
    this.rest = this.rest.slice(words.length);
    return false;
  }

  private readHead(parts: AnswerPart[]): boolean {
    const { open, close, names } = this.options;
    const head = headOf(this.rest);
    if (typeof head === "object" && (open !== "" || names.includes(head.name))) {
      parts.push({ kind: "call", index: this.count++, id: newCallId(), name: head.name });
      this.rest = this.rest.slice(head.length);
      this.before = "";
      this.json = new JsonEnd();
      this.place = "arguments";
      return true;
    }
    if (head === "more") return false;
    if (open === "") {
      this.place = "only text";
      return true;
    }
    // No call that can be read: the text up to where it would end stands for itself.
    const end = this.rest.indexOf(close);
    if (end < 0) return false;
    const until = end + close.length;
    parts.push(...said(this.before + this.rest.slice(0, until)));
    this.before = "";
    this.rest = this.rest.slice(until);
    this.place = "text";
    return true;
  }

  private readArguments(parts: AnswerPart[]): boolean {
    const length = this.json.read(this.rest);
    const text = this.rest.slice(0, length);
    if (text !== "") parts.push({ kind: "arguments", index: this.count - 1, text });
    this.rest = this.rest.slice(length);
    if (!this.json.isOver) return false;
    this.place = "behind";
    return true;
  }

  /** The brace that ends the call, and what closes it. */
  private readBehind(): boolean {
    const { open, close } = this.options;
    if (open === "") {
      this.place = "over";
      return true;
    }
    const { text, hasBrace } = this.behindBrace();
    if (text === "" || (close.startsWith(text) && text !== close)) return false;
    if (hasBrace && !text.startsWith(close)) this.rest = text;
    else {
      // Members that no call has are passed over, up to what closes the call or opens the next one.
      const [end, next] = [text.indexOf(close), text.indexOf(open)];
      if (end < 0 && next < 0) return false;
      this.rest = end >= 0 && (next < 0 || end < next) ? text.slice(end + close.length) : text;
    }
    this.place = "text";
    return true;
  }

  /** What follows the brace behind the arguments, or stands in its place. */
  private behindBrace(): { text: string; hasBrace: boolean } {
    const [space, brace] = /^\s*(\}?)\s*/.exec(this.rest)!;
    return { text: this.rest.slice(space.length), hasBrace: brace !== "" };
  }

  /** White space that follows a call is the template's. */
  private said(text: string): AnswerPart[] {
    return said(this.count > 0 && text.trim() === "" ? "" : text);
  }
}

const said = (text: string): AnswerPart[] => (text === "" ? [] : [{ kind: "text", text }]);

/** As OpenAI writes them. */
export const newCallId = () => `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`;

/** The length of the longest end of a text that begins `mark`. */
function beginning(text: string, mark: string): number {
  for (let length = Math.min(text.length, mark.length - 1); length > 0; length--) {
    if (mark.startsWith(text.slice(text.length - length))) return length;
  }
  return 0;
}

/** What a call begins with: the name, and where the arguments start; or whether more text may still make it one. */
function headOf(text: string): { name: string; length: number } | "more" | "none" {
  const begins = ["{", '"name"', ":", undefined, ",", /^"(arguments|parameters)"/, ":", "{"] as const;
  let at = 0;
  let name = "";
  for (const wanted of begins) {
    at += /^\s*/.exec(text.slice(at))![0].length;
    const rest = text.slice(at);
    if (rest === "") return "more";
    if (wanted === "{" && at > 0 && name !== "") return rest.startsWith("{") ? { name, length: at } : "none";
    if (wanted === undefined) {
      const [literal] = /^"(?:[^"\\]|\\.)*"/s.exec(rest) ?? [];
      if (literal === undefined) return rest.startsWith('"') ? "more" : "none";
      name = nameIn(literal);
      if (name === "") return "none";
      at += literal.length;
    } else if (typeof wanted === "string") {
      if (!rest.startsWith(wanted)) return wanted.startsWith(rest) ? "more" : "none";
      at += wanted.length;
    } else {
      const [key] = wanted.exec(rest) ?? [];
      const mayBecome = ['"arguments"', '"parameters"'].some((whole) => whole.startsWith(rest));
      if (key === undefined) return mayBecome ? "more" : "none";
      at += key.length;
    }
  }
  return "none";
}

function nameIn(literal: string): string {
  try {
    return JSON.parse(literal);
  } catch {
    return "";
  }
}

/** Looks for the end of a JSON object that arrives in pieces. */
class JsonEnd {
  isOver = false;
  private depth = 0;
  private isText = false;
  private isEscaped = false;

  /** How many characters of the piece belong to the object. */
  read(piece: string): number {
    for (let i = 0; i < piece.length; i++) {
      const character = piece[i];
      if (this.isEscaped) this.isEscaped = false;
      else if (this.isText && character === "\\") this.isEscaped = true;
      else if (character === '"') this.isText = !this.isText;
      else if (!this.isText && "{[".includes(character)) this.depth++;
      else if (!this.isText && "}]".includes(character) && --this.depth === 0) {
        this.isOver = true;
        return i + 1;
      }
    }
    return piece.length;
  }
}
