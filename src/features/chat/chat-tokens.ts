import { joinArrays } from "../../core/join-arrays.js";
import { ChatError, type ChatMessage, checkMessages } from "../../data/chat/messages.js";
import { begun, type Tokenizer } from "../tokenizer/tokenizer.js";
import type { ChatTemplate } from "./chat-template.js";

/** A conversation as tokens. */
export interface MarkedTokens {
  readonly ids: Int32Array;
  /** 1 where the token is what the assistant says, the token that ends its turn included. */
  readonly isAssistant: Uint8Array;
  /**
   * The index of the first token of each turn: what is said up to and with an answer of the assistant. A
   * system message belongs to the first.
   */
  readonly turns: readonly number[];
}

/** A part of the rendered text whose borders are borders of tokens. */
interface Stretch {
  readonly text: string;
  readonly isAssistant: boolean;
  /** Whether a turn begins here. */
  readonly isStart: boolean;
}

/**
 * The conversation as the template writes it, encoded so that each of the assistant's answers begins where
 * the model will begin to write it. Answers before message `from` are not marked: they are given, not
 * learned.
 * @throws ChatError where the template writes a beginning of the conversation otherwise than the whole, so
 * that what the assistant says cannot be told; and where tokens do not stand for the text.
 */
export function chatTokens(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  from = 0,
): MarkedTokens {
  checkMessages(messages);
  const stretches = stretchesOf(template, tokenizer, messages, from).filter(({ text }) => text !== "");
  const parts = encodeStretches(tokenizer, stretches);
  if (parts.length > 0) parts[0] = begun(tokenizer, parts[0]);
  const ids = joinArrays(Int32Array, parts);
  const isAssistant = new Uint8Array(ids.length);
  const turns: number[] = [];
  let start = 0;
  for (const [i, part] of parts.entries()) {
    if (stretches[i].isStart) turns.push(start);
    if (stretches[i].isAssistant) isAssistant.fill(1, start, start + part.length);
    start += part.length;
  }
  return { ids, isAssistant, turns };
}

/**
 * The whole turns from the start that fit into `maxLength` tokens, the system message with the first;
 * undefined where not even that one fits.
 */
export function cutAtTurn(tokens: MarkedTokens, maxLength: number): MarkedTokens | undefined {
  if (tokens.ids.length <= maxLength) return tokens;
  const end = tokens.turns.findLast((start) => start > 0 && start <= maxLength);
  if (end === undefined) return undefined;
  return {
    ids: tokens.ids.slice(0, end),
    isAssistant: tokens.isAssistant.slice(0, end),
    turns: tokens.turns.filter((start) => start < end),
  };
}

/** Renders ever longer beginnings and takes what is new: what stands before an answer, it, its end. */
function stretchesOf(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  from: number,
): Stretch[] {
  const now = new Date(); // one time for all, or the beginnings might differ
  const stretches: Stretch[] = [];
  let written = "";
  const add = (text: string, isAssistant: boolean, isStart: boolean) => {
    stretches.push({ text: text.slice(written.length), isAssistant, isStart });
    written = text;
  };
  for (const [i, { role }] of messages.entries()) {
    if (role !== "assistant") continue;
    const asked = template.render(messages.slice(0, i), { addGenerationPrompt: true, now });
    const answered = template.render(messages.slice(0, i + 1), { now });
    requireStart(written, asked, i);
    requireStart(asked, answered, i);
    add(asked, false, true);
    add(asked + spoken(answered.slice(asked.length), tokenizer, i), i >= from, false);
    add(answered, false, false);
  }
  if (messages.at(-1)!.role !== "assistant") {
    const whole = template.render(messages, { now });
    requireStart(written, whole, messages.length - 1);
    add(whole, false, true);
  }
  return stretches;
}

/** The answer with the special token that ends it; the white space behind that token is the template's. */
function spoken(reply: string, tokenizer: Tokenizer, index: number): string {
  if (reply.trim() === "") {
    throw new ChatError(
      "the chat template writes nothing for the assistant",
      `message ${index + 1}`,
      "give the tokenizer a chat_template that writes what the assistant says",
    );
  }
  const trimmed = reply.trimEnd();
  const endsTurn = [...tokenizer.specialTokens.keys()].some((token) => trimmed.endsWith(token));
  return endsTurn ? trimmed : reply;
}

function requireStart(beginning: string, text: string, index: number): void {
  if (text.startsWith(beginning)) return;
  let same = 0;
  while (text[same] === beginning[same]) same++;
  const [found, wanted] = [text, beginning].map((t) => JSON.stringify(t.slice(same, same + 40)));
  throw new ChatError(
    "the chat template writes a beginning of the conversation otherwise than the whole",
    `with message ${index + 1}, character ${same + 1} on: ${found} instead of ${wanted}`,
    "give the tokenizer a chat_template that writes every message the same whatever follows it " +
      "(it may drop earlier thinking, or move the system message), or split the conversation",
  );
}

/**
 * The tokens of each stretch, encoded apart. Tokenizers whose tokens depend on what stands before (a space
 * that starts a text) encode the whole, in which the borders are looked for.
 */
function encodeStretches(tokenizer: Tokenizer, stretches: readonly Stretch[]): Int32Array[] {
  const parts = stretches.map(({ text }) => tokenizer.encode(text));
  const text = stretches.map((stretch) => stretch.text).join("");
  const decoded = tokenizer.decode(joinArrays(Int32Array, parts));
  if (decoded === text) return parts;
  const whole = tokenizer.encode(text);
  // A normalizer or an unknown token changes the text, but in the stretches as in the whole.
  return tokenizer.decode(whole) === decoded ? parts : cutAtBorders(tokenizer, stretches, whole);
}

function cutAtBorders(tokenizer: Tokenizer, stretches: readonly Stretch[], whole: Int32Array): Int32Array[] {
  let text = "";
  let start = 0;
  return stretches.map((stretch) => {
    text += stretch.text;
    const beginning = tokenizer.encode(text);
    if (beginning.some((id, i) => id !== whole[i])) {
      throw new ChatError(
        "the tokens of a conversation do not end where a turn does",
        `after ${JSON.stringify(text.slice(-40))}`,
        "give the tokenizer a chat_template with a special token between turns",
      );
    }
    const part = whole.subarray(start, beginning.length);
    start = beginning.length;
    return part;
  });
}
