/** How choices of a chat completion are written. */
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { CallGrammar } from "../../generation/grammar/constraint.js";
import type { TokenReport } from "../engine/engine.js";
import { type AnswerPart, CallReader } from "./call-reader.js";
import type { ChoiceForm } from "./completion-response.js";
import { chatLogprobs } from "./openai-logprobs.js";

export interface ChatFormOptions {
  readonly withLogprobs: boolean;
  /** The functions that may be called. */
  readonly calls?: CallGrammar;
}

export function chatForm(tokenizer: Tokenizer, { withLogprobs, calls }: ChatFormOptions): ChoiceForm {
  const logprobs = (tokens: readonly TokenReport[]) =>
    withLogprobs ? chatLogprobs(tokenizer, tokens) : null;
  const words = {
    idPrefix: "chatcmpl",
    object: "chat.completion",
    chunkObject: "chat.completion.chunk",
    opening: { delta: { role: "assistant", content: "", refusal: null }, logprobs: null },
    closing: { delta: {}, logprobs: null },
  };
  if (calls) return { ...words, ...callingForm(calls) };
  return {
    ...words,
    whole: (_, { text, tokens }) => ({
      message: { role: "assistant", content: text, refusal: null },
      logprobs: logprobs(tokens),
    }),
    parts: (_, text, tokens) => [{ delta: { content: text }, logprobs: logprobs(tokens) }],
  };
}

/** With calls of functions, each choice read by a reader of its own. */
function callingForm(calls: CallGrammar): Pick<ChoiceForm, "whole" | "parts" | "rest" | "finishReason"> {
  const readers = new Map<number, CallReader>();
  const reader = (index: number) => {
    const known = readers.get(index) ?? callReader(calls);
    readers.set(index, known);
    return known;
  };
  const chunks = (parts: readonly AnswerPart[]) =>
    parts.map((part) => ({ delta: delta(part), logprobs: null }));
  return {
    whole: (index, { text }) => ({
      message: messageOf([...reader(index).push(text), ...reader(index).end()]),
      logprobs: null,
    }),
    parts: (index, text) => chunks(reader(index).push(text)),
    rest: (index) => chunks(reader(index).end()),
    finishReason: (index, reason) => {
      const { count, isInCall } = reader(index);
      return reason === "stop" && count > 0 && !isInCall ? "tool_calls" : reason;
    },
  };
}

/** Reads the calls of one answer that keeps to a grammar. */
export function callReader({ functions, open, isOpened }: CallGrammar): CallReader {
  const close = open.replace("<", "</");
  return new CallReader({ open, close, isOpened, names: functions.map(({ name }) => name) });
}

function delta(part: AnswerPart): object {
  if (part.kind === "text") return { content: part.text };
  const { index } = part;
  if (part.kind === "arguments") return { tool_calls: [{ index, function: { arguments: part.text } }] };
  const { id, name } = part;
  return { tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] };
}

/** A call, its arguments the text of a JSON object. */
export interface ReadCall {
  readonly id: string;
  readonly name: string;
  arguments: string;
}

/** What was said and which functions were called. */
export function gathered(parts: readonly AnswerPart[]): { text: string; calls: ReadCall[] } {
  const calls: ReadCall[] = [];
  let text = "";
  for (const part of parts) {
    if (part.kind === "text") text += part.text;
    else if (part.kind === "call") calls.push({ id: part.id, name: part.name, arguments: "" });
    else calls[part.index].arguments += part.text;
  }
  return { text, calls };
}

function messageOf(parts: readonly AnswerPart[]): object {
  const { text, calls } = gathered(parts);
  if (calls.length === 0) return { role: "assistant", content: text, refusal: null };
  const called = calls.map(({ id, ...call }) => ({ id, type: "function", function: call }));
  return { role: "assistant", content: text || null, refusal: null, tool_calls: called };
}
