import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Checkpoint } from "../../interop/model-folder.js";
import { type ModelInfo, startEngine } from "../../serving/engine/worker-engine.js";
import { ServingError } from "../../serving/errors.js";
import { isLoopback } from "../../serving/http/same-site.js";
import { type RunningServer, startServer } from "../../serving/http/server.js";
import { chatPage } from "../../serving/page/page.js";
import { checkpointOption, openBase } from "../models.js";
import { parseCount } from "../numbers.js";
import { formatCount } from "../terminal/format.js";

interface ServeFlags {
  port: number;
  host: string;
  apiKeyFile?: string;
  adapter: [name: string, folder: string][];
  checkpoint: Checkpoint;
  weights: "float32" | "int8" | "int4";
  maxConcurrent: number;
  maxQueue: number;
  maxBody: number;
  maxTokens?: number;
  json?: boolean;
}

const keyVariable = "AUTODIDACT_API_KEY";

/** How long answers may go on after the first Ctrl-C. */
const graceMs = 10_000;

/** `autodidact serve`: answers over HTTP as OpenAI's API does. */
export function serveCommand(): Command {
  return new Command("serve")
    .description("Let other programs ask a model, through the API that OpenAI's clients speak.")
    .argument("<model>", "a run, a model folder, or a name on the Hugging Face Hub")
    .option("--port <number>", "where to listen, 0 for any free port", parsePort, 8080)
    .option("--host <name>", "the address to listen on; 0.0.0.0 lets other machines in", "127.0.0.1")
    .option("--api-key-file <file>", `what clients must send as their key (or the variable ${keyVariable})`)
    .option(
      "--adapter <name=folder>",
      "an adapter, a model of its own to clients; may be repeated",
      collect,
      [],
    )
    .addOption(checkpointOption())
    .addOption(
      new Option("--weights <type>", "int8 and int4 are faster, a little less exact")
        .choices(["float32", "int8", "int4"])
        .default("float32"),
    )
    .option("--max-concurrent <count>", "most answers written at once", parseCount, 16)
    .option("--max-queue <count>", "most answers that wait; the rest is told to try again", parseNone, 64)
    .option("--max-body <bytes>", "longest request", parseCount, 4 * 2 ** 20)
    .option("--max-tokens <count>", "longest answer (default: what the context leaves)", parseCount)
    .option("--json", "print one JSON object with the address")
    .addHelpText(
      "after",
      `
Examples:
  autodidact serve runs/notes --port 8080
  autodidact serve runs/notes --weights int8 --adapter pirate=adapters/pirate
  ${keyVariable}=secret autodidact serve runs/notes --host 0.0.0.0

Ctrl-C takes no new requests and finishes the answers that are being written; a second one ends at once.`,
    )
    .action((folder: string, flags: ServeFlags) => serve(folder, flags));
}

async function serve(model: string, flags: ServeFlags): Promise<void> {
  const name = basename(model);
  const apiKey = readKey(flags.apiKeyFile);
  const adapters = readAdapters(flags.adapter, name);
  const { host, port, checkpoint, weights, maxConcurrent, maxQueue } = flags;
  if (!isLoopback(host) && apiKey === undefined) warnOpen(host);
  const folder = (await openBase(model)).location;
  const engine = await startEngine({ folder, checkpoint, weights, maxActive: maxConcurrent, adapters });
  try {
    const { contextLength, generation } = engine.modelInfo;
    const server = await startServer({
      ...{ engine, host, port, apiKey },
      tokenizer: engine.tokenizer,
      model: { name, contextLength, created: Math.floor(Date.now() / 1000) },
      adapters: engine.modelInfo.adapters,
      limits: { bodyBytes: flags.maxBody, maxConcurrent, maxQueue, maxTokensPerRequest: flags.maxTokens },
      defaults: samplingOf(generation),
      page: chatPage(),
    });
    introduce(server, name, engine.modelInfo, flags, apiKey);
    await interrupted();
    process.stderr.write("finishing the answers that are being written; Ctrl-C again ends at once\n");
    await server.close(graceMs);
  } finally {
    await engine.close(0);
  }
}

function samplingOf({ maxTokens: _maxTokens, ...sampling }: ModelInfo["generation"]) {
  return sampling;
}

/** The first Ctrl-C or request to end. The next one finds no handler and ends the process. */
function interrupted(): Promise<void> {
  const signals = ["SIGINT", "SIGTERM"] as const;
  return new Promise((resolve) => {
    const onSignal = () => {
      for (const signal of signals) process.removeListener(signal, onSignal);
      resolve();
    };
    for (const signal of signals) process.on(signal, onSignal);
  });
}

function introduce(
  { url }: RunningServer,
  model: string,
  { parameterCount, contextLength, adapters }: ModelInfo,
  { json, apiKeyFile }: ServeFlags,
  apiKey: string | undefined,
): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ url, model, adapters, parameterCount, contextLength })}\n`);
    return;
  }
  const secret = apiKeyFile === undefined ? `$${keyVariable}` : `$(cat ${apiKeyFile})`;
  const key = apiKey === undefined ? "" : ` -H "Authorization: Bearer ${secret}"`;
  const request = JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] });
  process.stdout.write(
    `${url} serves ${model}: ${formatCount(parameterCount)} parameters, context ${contextLength}\n\n` +
      `Open ${url}/ in a browser to chat, or ask from a program:\n\n` +
      `  curl ${url}/v1/chat/completions -H "Content-Type: application/json"${key} -d '${request}'\n\n`,
  );
}

function readKey(file: string | undefined): string | undefined {
  const key = file === undefined ? process.env[keyVariable] : keyIn(file);
  // A key with other characters could not be sent in a header.
  if (key === undefined || /^[!-~]+$/.test(key)) return key;
  throw new ServingError(
    "the API key is empty or has characters that no header can carry",
    file === undefined ? `the variable ${keyVariable}` : file,
    "use letters, digits and signs without spaces, for example from: openssl rand -hex 32",
  );
}

function keyIn(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new ServingError(
      "the file with the API key cannot be read",
      (cause as Error).message,
      "give --api-key-file the path of a text file that holds the key",
      { cause },
    );
  }
}

function readAdapters(given: ServeFlags["adapter"], model: string): Record<string, string> {
  const names = [model, ...given.map(([name]) => name)];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return Object.fromEntries(given.map(([name, folder]) => [name, resolve(folder)]));
  throw new ServingError(
    "two models have the same name",
    `${JSON.stringify(twice)}, among ${names.join(", ")}`,
    "give each --adapter another name, and not that of the model's folder",
  );
}

function collect(text: string, before: ServeFlags["adapter"]): ServeFlags["adapter"] {
  const [, name, folder] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (folder === undefined) throw new InvalidArgumentError("Give it as name=folder.");
  return [...before, [name, folder]];
}

function parsePort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError("Give a number from 0 to 65535.");
}

function parseNone(text: string): number {
  return text === "0" ? 0 : parseCount(text);
}

function warnOpen(host: string): void {
  process.stderr.write(
    `warning: everyone who reaches ${host} can use this server; set ${keyVariable} or --api-key-file to ask for a key\n`,
  );
}
