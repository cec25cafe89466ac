/** An answer as the items of a response, and as the events that tell how they grow. */
import { randomUUID } from "node:crypto";
import type { AnswerPart } from "./call-reader.js";

/** Words of the assistant. */
interface MessageItem {
  readonly type: "message";
  readonly id: string;
  readonly role: "assistant";
  status: "in_progress" | "completed" | "incomplete";
  content: { type: "output_text"; text: string; annotations: never[]; logprobs: never[] }[];
}

interface CallItem {
  readonly type: "function_call";
  readonly id: string;
  readonly call_id: string;
  readonly name: string;
  arguments: string;
  status: MessageItem["status"];
}

export type OutputItem = MessageItem | CallItem;

/** An event without its number. */
export type ResponseEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

/** As OpenAI writes them: a word for the kind, and letters that nobody can guess. */
export const newId = (kind: string) => `${kind}_${randomUUID().replaceAll("-", "")}`;

/** Puts the parts of an answer together, each item after the other. */
export class ResponseWriter {
  readonly output: OutputItem[] = [];

  /** Events of a part. */
  add(part: AnswerPart): ResponseEvent[] {
    if (part.kind === "text") return [...this.openMessage(), ...this.grow(part.text)];
    if (part.kind === "arguments") return this.grow(part.text);
    const call: CallItem = {
      ...{ type: "function_call", id: newId("fc"), call_id: part.id, name: part.name },
      ...{ arguments: "", status: "in_progress" },
    };
    return [...this.endItem("completed"), ...this.begin(call)];
  }

  /** Ends the last item; an answer of nothing is an empty message. */
  end(status: "completed" | "incomplete"): ResponseEvent[] {
    const begun = this.output.length === 0 ? this.openMessage() : [];
    return [...begun, ...this.endItem(status)];
  }

  private get last(): OutputItem | undefined {
    return this.output.at(-1);
  }

  private openMessage(): ResponseEvent[] {
    if (this.last?.type === "message") return [];
    const ended = this.endItem("completed");
    const item: MessageItem = {
      ...{ type: "message", id: newId("msg"), status: "in_progress", role: "assistant", content: [] },
    };
    const begun = this.begin(item);
    item.content.push({ type: "output_text", text: "", annotations: [], logprobs: [] });
    return [...ended, ...begun, this.about({ type: "response.content_part.added", ...this.part })];
  }

  private begin(item: OutputItem): ResponseEvent[] {
    this.output.push(item);
    return [{ type: "response.output_item.added", output_index: this.index, item: structuredClone(item) }];
  }

  private grow(delta: string): ResponseEvent[] {
    const item = this.last!;
    if (item.type === "function_call") {
      item.arguments += delta;
      return [this.about({ type: "response.function_call_arguments.delta", delta })];
    }
    item.content[0].text += delta;
    return [this.about({ type: "response.output_text.delta", content_index: 0, delta, logprobs: [] })];
  }

  private endItem(status: "completed" | "incomplete"): ResponseEvent[] {
    const item = this.last;
    if (item?.status !== "in_progress") return [];
    item.status = status;
    return [
      ...(item.type === "message" ? this.endText(item) : [this.endArguments(item)]),
      { type: "response.output_item.done", output_index: this.index, item: structuredClone(item) },
    ];
  }

  private endText({ content: [{ text }] }: MessageItem): ResponseEvent[] {
    return [
      this.about({ type: "response.output_text.done", content_index: 0, text, logprobs: [] }),
      this.about({ type: "response.content_part.done", ...this.part }),
    ];
  }

  private endArguments({ name, arguments: given }: CallItem): ResponseEvent {
    return this.about({ type: "response.function_call_arguments.done", name, arguments: given });
  }

  private get part() {
    return { content_index: 0, part: structuredClone((this.last as MessageItem).content[0]) };
  }

  private get index(): number {
    return this.output.length - 1;
  }

  private about(event: ResponseEvent): ResponseEvent {
    return { ...event, item_id: this.last!.id, output_index: this.index };
  }
}
