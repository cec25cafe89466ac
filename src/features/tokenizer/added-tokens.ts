import { TokenizerError } from "./tokenizer.js";

/** A token that is matched as a whole before a text is split into words. */
export interface AddedToken {
  readonly content: string;
  readonly id: number;
  /** Special tokens steer a model (end of text); others are ordinary words that must not be split. */
  readonly special: boolean;
}

/** The added tokens of a vocabulary: finds them in a text, the leftmost first and the longest of those. */
export class AddedTokens {
  readonly special: ReadonlyMap<string, number>;
  private readonly pattern: RegExp | undefined;
  private readonly idOf: ReadonlyMap<string, number>;

  constructor(readonly all: readonly AddedToken[]) {
    this.idOf = new Map(all.map((token) => [token.content, token.id]));
    this.special = new Map(all.filter((t) => t.special).map((t) => [t.content, t.id]));
    const longestFirst = [...this.idOf.keys()].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
    this.pattern =
      longestFirst.length > 0 ? new RegExp(longestFirst.map(escapePattern).join("|"), "g") : undefined;
  }

  /** Walks a text: `onText` gets each stretch without added tokens, `onToken` each added token's id. */
  split(text: string, onText: (start: number, end: number) => void, onToken: (id: number) => void): void {
    let start = 0;
    for (const match of this.pattern ? text.matchAll(this.pattern) : []) {
      if (match.index > start) onText(start, match.index);
      onToken(this.idOf.get(match[0])!);
      start = match.index + match[0].length;
    }
    if (start < text.length) onText(start, text.length);
  }

  /** The `added_tokens` list of a `tokenizer.json`. */
  toJSON(): object[] {
    return this.all.map(({ id, content, special }) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special,
    }));
  }
}

/** Special tokens numbered from `firstId` on. Throws `TokenizerError` for an empty or repeated one. */
export function numberSpecialTokens(contents: readonly string[], firstId: number): AddedTokens {
  const repeated = contents.find((content, i) => content === "" || contents.indexOf(content) !== i);
  if (repeated !== undefined) {
    throw new TokenizerError(
      repeated === "" ? "a special token is empty" : "a special token is listed twice",
      JSON.stringify(contents),
      "give each special token once, as text that documents do not contain, such as <|endoftext|>",
    );
  }
  return new AddedTokens(contents.map((content, i) => ({ content, id: firstId + i, special: true })));
}

/** The vocabulary with the added tokens in it. Throws `TokenizerError` for one that has another id there. */
export function withAddedTokens(
  vocabulary: ReadonlyMap<string, number>,
  added: readonly AddedToken[],
  source: string,
): ReadonlyMap<string, number> {
  const all = new Map(vocabulary);
  for (const { content, id } of added) {
    const known = all.get(content);
    if (known !== undefined && known !== id) {
      throw new TokenizerError(
        "an added token has two ids",
        `${source}: ${JSON.stringify(content)} is ${known} in the vocabulary and ${id} among the added tokens`,
        "keep one of the two, the one the model was trained with",
      );
    }
    all.set(content, id);
  }
  return all;
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
