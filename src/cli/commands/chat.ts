import { createInterface } from "node:readline";
import { Command } from "commander";
import { AutodidactError } from "../../core/errors.js";
import type { Checkpoint } from "../../interop/model-folder.js";
import type { Conversation, Modality, Named, Talk } from "../../modalities/modality.js";
import { findNamed } from "../../modalities/saved.js";
import { aroundOf } from "../around.js";
import { checkpointOption } from "../checkpoint-option.js";
import { CommandError } from "../errors.js";
import { flagsOf, toOption } from "../flags.js";
import { readOptions } from "../use-options.js";

interface ChatFlags {
  checkpoint: Checkpoint;
  json?: boolean;
}

/** `autodidact chat`: a conversation in the terminal. */
export function chatCommand(modalities: readonly Modality[]): Command {
  const talks = modalities.flatMap(({ kinds }) => kinds).flatMap(({ talk }) => talk ?? []);
  const command = new Command("chat")
    .description(
      "Talk with a model in the terminal. Without a terminal each line of standard input is a turn.",
    )
    .argument("<model>", "a run, a model folder, or a name on the Hugging Face Hub");
  for (const flag of flagsOf(talks.map(({ options }) => options))) command.addOption(toOption(flag));
  return command
    .addOption(checkpointOption())
    .option("--json", "print each turn as one JSON object")
    .addHelpText("after", `\nExample:\n  autodidact chat runs/dpo --temperature 0.7\n\n${commandHelp}`)
    .action(async (name: string, { checkpoint, json = false }: ChatFlags) => {
      const around = aroundOf(modalities);
      const model = await findNamed(name, checkpoint, around);
      const talk = talkOf(model);
      const conversation = await talk.start(model, await readOptions(talk, command), around);
      if (conversation.warning) process.stderr.write(`${conversation.warning}\n`);
      await converse(conversation, json);
    });
}

function talkOf({ name, kind }: Named): Talk {
  if (kind.talk) return kind.talk;
  throw new CommandError(
    "the model does not chat",
    `${name} holds a ${kind.name}`,
    "give a model that writes, best one that was trained to chat",
  );
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

/** Reads lines until the input ends. */
async function converse(conversation: Conversation, json: boolean): Promise<void> {
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
      await handle(line.trim(), conversation, json, answering.signal);
    } catch (error) {
      if (!answering.signal.aborted && !(error instanceof AutodidactError)) throw error;
      process.stderr.write(answering.signal.aborted ? "\n(stopped)\n" : `${(error as Error).message}\n`);
    }
    answering = undefined;
    prompt();
  }
  lines.close();
}

async function handle(line: string, conversation: Conversation, json: boolean, signal: AbortSignal) {
  const [, command, rest = ""] = /^\/(\w+)\s*(.*)$/s.exec(line) ?? [];
  switch (command) {
    case undefined:
      return line === "" ? undefined : answer(line, conversation, json, signal);
    case "help":
      return void process.stderr.write(commandHelp);
    case "regenerate": {
      const asked = conversation.undo();
      return asked === undefined ? undefined : answer(asked, conversation, json, signal);
    }
    case "undo":
      return void conversation.undo();
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

/** Answers on standard output. A message that was not answered is not kept. */
async function answer(content: string, conversation: Conversation, json: boolean, signal: AbortSignal) {
  const start = performance.now();
  const onText = json ? undefined : (text: string) => process.stdout.write(text);
  const turn = await conversation.say(content, signal, onText);
  process.stdout.write(json ? `${JSON.stringify(turn)}\n` : "\n");
  const seconds = (performance.now() - start) / 1000;
  if (process.stdin.isTTY) process.stderr.write(`(${(turn.tokens / seconds).toFixed(0)} tokens a second)\n`);
}
