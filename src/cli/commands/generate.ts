import { Command, Option } from "commander";
import { nodeRuntime } from "../../core/runtime/node.js";
import type { Device } from "../../core/runtime/session.js";
import type { Folder } from "../../files/folder.js";
import { compileDecoder } from "../../generation/decoder-session.js";
import { GenerationError } from "../../generation/errors.js";
import { type GenerateOptions, type Generation, generate } from "../../generation/generate.js";
import type { GenerationDefaults } from "../../interop/generation-config.js";
import { isImageModel } from "../../interop/image-folder.js";
import { openModel } from "../../interop/model-folder.js";
import { checkpointOption, openBase } from "../models.js";
import { parseCount, parseNumber, parsePictures, parseSeed, parseShare } from "../numbers.js";
import { type DrawFlags, draw } from "../../modalities/images/kinds/draw.js";

interface GenerateFlags extends DrawFlags {
  prompt?: string[];
  maxTokens?: string;
  temperature?: string;
  topK?: string;
  topP?: string;
  minP?: string;
  repetitionPenalty?: string;
  stop?: string[];
  weights: "float32" | "int8" | "int4";
}

const devices: Device[] = ["cpu", "webgpu", "cuda", "coreml", "dml"];

/** `autodidact generate`: continues texts, or draws pictures, with a trained model. */
export function generateCommand(): Command {
  const collect = (value: string, before: string[] = []) => [...before, value];
  return new Command("generate")
    .description(
      "Let a model write (the prompt and its continuation go to standard output) or draw (into --out).",
    )
    .argument("<model>", "a run, a model folder, or a name on the Hugging Face Hub")
    .option("--prompt <text>", 'text to continue, "-" for standard input; may be repeated', collect)
    .option("--max-tokens <count>", "most tokens to write (default: the model's, or 200)")
    .option("--temperature <number>", "0 for the likeliest token (default: the model's, or 0.8)")
    .option("--top-k <count>", "choose among the k likeliest tokens")
    .option("--top-p <share>", "choose among the likeliest tokens that hold this share together")
    .option("--min-p <share>", "drop tokens below this share of the likeliest one's probability")
    .option("--repetition-penalty <number>", "above 1: tokens already there become less likely")
    .option("--stop <text>", "end before this text; may be repeated", collect)
    .option("--class <name>", "draw pictures of this class; may be repeated (default: all in turns)", collect)
    .option("--count <number>", "pictures to draw (default: 36)", parsePictures)
    .option("--out <file>", ".png for a grid of pictures, .webp for how they emerge")
    .option("--guidance <number>", "how strongly the class pulls, 1 for not at all", parseNumber)
    .option("--steps <number>", "from noise to picture", parseCount)
    .addOption(new Option("--solver <name>", "of the steps").choices(["euler", "heun", "midpoint"]))
    .option("--from <picture>", "begin with this picture instead of noise")
    .option("--strength <share>", "how much of --from is drawn anew", parseShare, 0.6)
    .option("--mask <picture>", "draw only where it is white, and keep the rest of --from")
    .option("--seed <number>", "the same seed gives the same text or pictures", parseSeed, 0)
    .addOption(checkpointOption())
    .addOption(new Option("--device <name>", "where to run").choices(devices).default("cpu"))
    .addOption(
      new Option("--weights <type>", "int8 and int4 are faster, a little less exact")
        .choices(["float32", "int8", "int4"])
        .default("float32"),
    )
    .option("--json", "print one JSON object with the continuations")
    .addHelpText(
      "after",
      `
Examples:
  autodidact generate runs/notes --prompt "The sea" --max-tokens 200 --temperature 0.8 --seed 1
  autodidact generate runs/notes --prompt "The sea" --prompt "The land" --temperature 0 --json
  cat start.txt | autodidact generate runs/notes --prompt - --stop "THE END"
  autodidact generate runs/cifar10-flow --class cat --count 36 --guidance 2 --out cats.png
  autodidact generate runs/cifar10-flow --from photo.jpg --strength 0.5 --out variations.png`,
    )
    .action(async (name: string, flags: GenerateFlags, command: Command) => {
      const asked = readFlags(flags);
      const folder = await openBase(name);
      const draws = await isImageModel(folder);
      requireFitting(command, draws);
      await (draws ? draw(folder, flags) : write(folder, flags, asked));
    });
}

const forText = "prompt maxTokens temperature topK topP minP repetitionPenalty stop weights".split(" ");
const forPictures = "class count out guidance steps solver from strength mask".split(" ");

/** Throws `GenerationError` for a flag that the model has no use for. */
function requireFitting(command: Command, draws: boolean): void {
  const unfit = draws ? forText : forPictures;
  const given = command.options.find(
    (option) =>
      unfit.includes(option.attributeName()) &&
      command.getOptionValueSource(option.attributeName()) === "cli",
  );
  if (!given) return;
  throw new GenerationError(
    `this flag is not for a model that ${draws ? "draws" : "writes"}.`,
    given.long!,
    "see `autodidact generate --help`",
  );
}

async function write(
  folder: Folder,
  flags: GenerateFlags,
  asked: ReturnType<typeof readFlags>,
): Promise<void> {
  const { model, weights, tokenizer, generation } = await openModel(folder, flags.checkpoint, openBase);
  if (!tokenizer) {
    throw new GenerationError(
      "the model has no tokenizer to read a prompt with",
      `${folder.location} has neither tokenizer.json nor vocab.json`,
      "add the tokenizer that the model was trained with",
    );
  }
  const prompts = await readPrompts(flags.prompt ?? [""]);
  const kind = { device: flags.device, weights: flags.weights };
  const session = await compileDecoder(nodeRuntime, model, weights, kind);
  const screen = new FirstText(prompts[0]);
  const options: GenerateOptions = {
    ...{ maxTokens: 200, temperature: 0.8 },
    ...generation,
    ...asked,
    prompts,
    stop: flags.stop,
    onText: flags.json ? undefined : (index, text) => screen.show(index, text),
  };
  const start = performance.now();
  const results = await generate(session, tokenizer, options);
  const seconds = (performance.now() - start) / 1000;
  if (flags.json) return reportJson(prompts, results, seconds, options);
  screen.show(0, "\n");
  reportText(prompts, results, seconds);
}

/** The numbers among the flags that were given. Throws `GenerationError` for one that is no number. */
function readFlags(flags: GenerateFlags): GenerationDefaults & { seed: number } {
  const { maxTokens, temperature, topK, topP, minP, repetitionPenalty, seed } = flags;
  const texts = { maxTokens, temperature, topK, topP, minP, repetitionPenalty };
  const numbers: Record<string, number> = {};
  for (const [name, text] of Object.entries(texts)) {
    if (text === undefined) continue;
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (Number.isNaN(value)) {
      const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      throw new GenerationError(
        `the value of --${flag} is not a number`,
        JSON.stringify(text),
        `for example: --${flag} 1`,
      );
    }
    numbers[name] = value;
  }
  return { ...numbers, seed };
}

/** "-" stands for standard input, without the line break that ends it. */
async function readPrompts(prompts: readonly string[]): Promise<string[]> {
  if (!prompts.includes("-")) return [...prompts];
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const text = Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
  return prompts.map((prompt) => (prompt === "-" ? text : prompt));
}

/** Shows the first text while it is written, its prompt before it; the others follow when they are done. */
class FirstText {
  private isStarted = false;

  constructor(private readonly prompt: string) {}

  show(index: number, text: string): void {
    if (index > 0) return;
    process.stdout.write(this.isStarted ? text : this.prompt + text);
    this.isStarted = true;
  }
}

function reportText(prompts: readonly string[], results: readonly Generation[], seconds: number): void {
  for (const [i, { text }] of results.entries()) {
    if (i > 0) process.stdout.write(`\n${prompts[i]}${text}\n`);
  }
  const count = countTokens(results);
  const speed = (count / seconds).toFixed(count / seconds < 10 ? 1 : 0);
  process.stderr.write(`${count} tokens in ${seconds.toFixed(2)} s, ${speed} tokens a second\n`);
}

function reportJson(
  prompts: readonly string[],
  results: readonly Generation[],
  seconds: number,
  { prompts: _prompts, onText: _onText, ...settings }: GenerateOptions,
): void {
  const texts = results.map((result, i) => ({ prompt: prompts[i], ...result, tokens: [...result.tokens] }));
  const tokensPerSecond = countTokens(results) / seconds;
  process.stdout.write(`${JSON.stringify({ results: texts, seconds, tokensPerSecond, settings })}\n`);
}

function countTokens(results: readonly Generation[]): number {
  return results.reduce((sum, { tokenCount }) => sum + tokenCount, 0);
}
