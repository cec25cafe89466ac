/** The conversations of the last responses, for requests that go on from one. */
import { shown } from "../../data/chat/messages.js";
import { ApiError } from "../http/api-error.js";
import type { InputItem } from "./response-fields.js";

export interface MemoryLimits {
  readonly responses: number;
  /** Of all kept conversations together, in characters of JSON. */
  readonly characters: number;
}

interface Kept {
  /** The whole conversation, without instructions. */
  readonly items: readonly InputItem[];
  /** What the server itself said last. */
  readonly made: readonly InputItem[];
  readonly characters: number;
}

/** Keeps conversations in memory, the oldest of which go when there are too many. */
export class ResponseMemory {
  private readonly kept = new Map<string, Kept>();
  /**
   * What the server itself said, by the ids that it gave. Ids from clients are no part of it: anyone can write the same,
   * and would be given another client's words.
   */
  private readonly made = new Map<string, InputItem>();
  private characters = 0;

  constructor(private readonly limits: MemoryLimits = { responses: 1000, characters: 16 * 2 ** 20 }) {}

  /** Keeps what was said before a response, and the items that the server made for it. */
  keep(id: string, before: readonly InputItem[], made: readonly InputItem[]): void {
    const items = [...before, ...made];
    const { length } = JSON.stringify(items);
    this.kept.set(id, { items, made, characters: length });
    for (const item of made) if (item.id !== undefined) this.made.set(item.id, item);
    this.characters += length;
    for (const [oldest, { characters, made: forgot }] of this.kept) {
      if (this.kept.size <= this.limits.responses && this.characters <= this.limits.characters) return;
      this.kept.delete(oldest);
      for (const item of forgot) if (item.id !== undefined) this.made.delete(item.id);
      this.characters -= characters;
    }
  }

  /** The conversation up to and with a response. Throws `ApiError` 400 for one that is not, or no longer, known. */
  conversation(id: string): readonly InputItem[] {
    const kept = this.kept.get(id);
    if (kept) return kept.items;
    throw forgotten(id, "previous_response_id", "previous_response_not_found");
  }

  /**
   * The items with those that references stand for, which are what the server said in responses that it knows. Throws
   * `ApiError` 400 as `conversation` does.
   */
  resolved(items: readonly InputItem[]): InputItem[] {
    return items.map((item) => (item.type === "item_reference" ? this.item(item.id) : item));
  }

  private item(id: string): InputItem {
    const found = this.made.get(id);
    if (found) return found;
    throw forgotten(id, "input", "item_not_found");
  }
}

function forgotten(id: string, param: string, code: string): ApiError {
  return new ApiError(
    400,
    "the server does not know what the request goes on from",
    shown(id),
    "send the whole conversation as input with store: false; only the latest responses are kept, until the server ends",
    { param, code },
  );
}
