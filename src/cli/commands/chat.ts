import { createInterface } from "node:readline";
import { Command, Option } from "commander";
import { nodeRuntime } from "../../core/runtime/node.js";
import { type ChatMessage, type ChatTemplate, chatTemplate } from "../../features/chat/chat-template.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { compileDecoder, type DecoderSession } from "../../generation/decoder-session.js";
import { GenerationError } from "../../generation/errors.js";
import { type GenerateOptions, generate } from "../../generation/generate.js";
import type { Checkpoint, SavedModel } from "../../interop/model-folder.js";
import { findNamed } from "../../modalities/saved.js";
import { modalities } from "../../modalities/table.js";
import { decoder } from "../../modalities/text/kinds/decoder.js";
import { aroundOf } from "../around.js";
import { checkpointOption } from "../checkpoint-option.js";
import { parseCount, parseNumber } from "../numbers.js";

interface ChatFlags {
  system?: string;
  maxTokens?: number;
  temperature?: number;
  topK?: number;
  topP?: number;
  seed: number;
  checkpoint: Checkpoint;
  weights: "float32" | "int8" | "int4";
  json?: boolean;
}

/** `autodidact chat`: a conversation in the terminal. */
export function chatCommand(): Command {
  return new Command("chat")
    .description(
      "Talk with a model in the terminal. Without a terminal each line of standard input is a turn.",
    )
    .argument("<model>", "a run, a model folder, or a name on the Hugging Face Hub")
    .option("--system <text>", "what the model is told first")
    .option("--max-tokens <count>", "most tokens of an answer (default: what the context leaves)", parseCount)
    .option(
      "--temperature <number>",
      "0 for the likeliest answer (default: the model's, or 0.8)",
      parseNumber,
    )
    .option("--top-k <count>", "choose among the k likeliest tokens", parseCount)
    .option("--top-p <share>", "choose among the likeliest tokens that hold this share together", parseNumber)
    .option("--seed <number>", "the same seed and words get the same answers", parseCount, 1)
    .addOption(checkpointOption())
    .addOption(
      new Option("--weights <type>", "int8 and int4 are faster, a little less exact")
        .choices(["float32", "int8", "int4"])
        .default("float32"),
    )
    .option("--json", "print each turn as one JSON object")
    .addHelpText("after", `\nExample:\n  autodidact chat runs/dpo --temperature 0.7\n\n${commandHelp}`)
    .action(chat);
}

const commandHelp = `In the chat:
  /help               this
  /regenerate         another answer to your last message
  /undo               forget your last message and its answer
  /reset              begin anew
  /system <text>      say first what the model should be, and begin anew
  /temperature <n>    0 for the likeliest answer
  /exit               or Ctrl-D
  Ctrl-C stops an answer, or ends the chat.
`;

async function chat(name: string, flags: ChatFlags): Promise<void> {
  const named = await findNamed(name, flags.checkpoint, aroundOf(modalities));
  if (named.kind !== decoder) {
    throw new GenerationError(
      "the model does not chat",
      `${name} holds a ${named.kind.name}`,
      "give a language model that was trained to chat",
    );
  }
  const { model, weights, tokenizer, generation } = (await named.open()) as SavedModel;
  if (!tokenizer) {
    throw new GenerationError(
      "the model has no tokenizer to chat with",
      `${name} has neither tokenizer.json nor vocab.json`,
      "add the tokenizer that the model was trained with",
    );
  }
  const session = await compileDecoder(nodeRuntime, model, weights, { weights: flags.weights });
  const { system, seed, json = false, checkpoint: _checkpoint, weights: _weights, ...asked } = flags;
  const settings = { temperature: 0.8, ...generation, maxTokens: Number.POSITIVE_INFINITY, ...asked };
  const conversation = new Conversation(session, tokenizer, settings, seed, json, system);
  if (!conversation.hasTemplate) {
    process.stderr.write("the model was not trained to chat (no chat template): its answers may go astray\n");
  }
  await talk(conversation);
}

/** Reads lines until the input ends. */
async function talk(conversation: Conversation): Promise<void> {
  const isTerminal = process.stdin.isTTY === true;
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: isTerminal,
    prompt: "> ",
  });
  let answering: AbortController | undefined;
  lines.on("SIGINT", () => (answering ? answering.abort() : lines.close()));
  if (isTerminal) process.stderr.write("/help shows what there is\n");
  const prompt = () => isTerminal && lines.prompt();
  prompt();
  for await (const line of lines) {
    if (line.trim() === "/exit") break;
    answering = new AbortController();
    try {
      await handle(line.trim(), conversation, answering.signal);
    } catch (error) {
      if (!answering.signal.aborted && !(error instanceof GenerationError)) throw error;
      process.stderr.write(answering.signal.aborted ? "\n(stopped)\n" : `${(error as Error).message}\n`);
    }
    answering = undefined;
    prompt();
  }
  lines.close();
}

async function handle(line: string, conversation: Conversation, signal: AbortSignal): Promise<void> {
  const [, command, rest = ""] = /^\/(\w+)\s*(.*)$/s.exec(line) ?? [];
  switch (command) {
    case undefined:
      return line === "" ? undefined : conversation.say(line, signal);
    case "help":
      return void process.stderr.write(commandHelp);
    case "regenerate":
      return conversation.regenerate(signal);
    case "undo":
      return conversation.undo();
    case "reset":
      return conversation.reset();
    case "system":
      return conversation.reset(rest);
    case "temperature":
      return conversation.setTemperature(Number(rest || Number.NaN));
    default:
      process.stderr.write(`there is no /${command}; /help shows what there is\n`);
  }
}

type Settings = Omit<GenerateOptions, "prompts" | "seed">;

/** What was said so far, and how the model goes on. */
class Conversation {
  private readonly template: ChatTemplate;
  private messages: ChatMessage[] = [];
  private answers = 0;

  constructor(
    private readonly session: DecoderSession,
    private readonly tokenizer: Tokenizer,
    private settings: Settings,
    private readonly seed: number,
    private readonly json: boolean,
    private system?: string,
  ) {
    this.template = chatTemplate(tokenizer);
    this.reset();
  }

  get hasTemplate(): boolean {
    return this.tokenizer.config?.chat_template !== undefined;
  }

  reset(system = this.system): void {
    this.system = system;
    this.messages = system ? [{ role: "system", content: system }] : [];
  }

  setTemperature(temperature: number): void {
    if (temperature >= 0) this.settings = { ...this.settings, temperature };
    else process.stderr.write("give a temperature of 0 or more, for example /temperature 0.7\n");
  }

  undo(): void {
    const last = this.messages.findLastIndex(({ role }) => role === "user");
    if (last >= 0) this.messages = this.messages.slice(0, last);
  }

  async regenerate(signal: AbortSignal): Promise<void> {
    const asked = this.messages.findLast(({ role }) => role === "user");
    this.undo();
    if (asked) await this.say(asked.content, signal);
  }

  /** Answers on standard output. A message that was not answered is not kept. */
  async say(content: string, signal: AbortSignal): Promise<void> {
    const messages: ChatMessage[] = [...this.messages, { role: "user", content }];
    const prompt = this.template.render(messages, { addGenerationPrompt: true });
    const room = this.session.model.contextLength - this.tokenizer.encode(prompt).length;
    if (room <= 0) {
      throw new GenerationError(
        "the conversation is longer than the model's context",
        `${this.session.model.contextLength - room} tokens, context ${this.session.model.contextLength}`,
        "/undo takes the last message back, /reset begins anew",
      );
    }
    const start = performance.now();
    const [{ text, tokenCount, finishReason }] = await generate(this.session, this.tokenizer, {
      ...this.settings,
      prompts: [prompt],
      maxTokens: Math.min(this.settings.maxTokens, room),
      seed: this.seed + this.answers++,
      signal,
      onText: this.json ? undefined : (_, piece) => process.stdout.write(piece),
    });
    const turn = JSON.stringify({ user: content, assistant: text, tokens: tokenCount, finishReason });
    process.stdout.write(this.json ? `${turn}\n` : "\n");
    const seconds = (performance.now() - start) / 1000;
    if (process.stdin.isTTY) process.stderr.write(`(${(tokenCount / seconds).toFixed(0)} tokens a second)\n`);
    if (text.trim() !== "") this.messages = [...messages, { role: "assistant", content: text }];
  }
}
