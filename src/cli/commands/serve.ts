import { basename } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import type { Device } from "../../core/runtime/session.js";
import type { Checkpoint } from "../../interop/model-folder.js";
import type { Modality, Named, Serving } from "../../modalities/modality.js";
import { findNamed } from "../../modalities/saved.js";
import type { ApiKey } from "../../serving/http/keyring.js";
import { isLoopback } from "../../serving/http/same-site.js";
import type { Served } from "../../serving/http/served.js";
import { type RunningServer, startHost } from "../../serving/http/server.js";
import { keyVariable, readKeys } from "../api-keys.js";
import { aroundOf } from "../around.js";
import { checkpointOption } from "../checkpoint-option.js";
import { collectGarbage } from "../collect-garbage.js";
import { deviceOption } from "../device-option.js";
import { CommandError } from "../errors.js";
import { flagName, flagsOf, toOption } from "../flags.js";
import { parseCount } from "../numbers.js";
import { readOptions } from "../use-options.js";

interface ServeFlags {
  port: number;
  host: string;
  apiKeyFile?: string;
  allowOrigin?: string[];
  checkpoint: Checkpoint;
  maxConcurrent: number;
  device: Device;
  maxQueue: number;
  maxBody?: number;
  json?: boolean;
}

const usualBodyBytes = 4 * 2 ** 20;

/** How long answers may go on after the first Ctrl-C. */
const graceMs = 10_000;

/** `autodidact serve`: answers over HTTP as OpenAI's API does. */
export function serveCommand(modalities: readonly Modality[]): Command {
  const servings = modalities.flatMap(({ kinds }) => kinds).flatMap(({ serving }) => serving ?? []);
  const command = new Command("serve")
    .description(
      "Let other programs ask a model over HTTP: what OpenAI's API has through its clients, the rest by routes of its own.",
    )
    .argument("<model>", "a run, a model folder, or a name on the Hugging Face Hub")
    .option("--port <number>", "where to listen, 0 for any free port", parsePort, 8080)
    .option("--host <name>", "the address to listen on; 0.0.0.0 lets other machines in", "127.0.0.1")
    .option(
      "--api-key-file <file>",
      `keys that clients send, one a line, with limits behind it (or the variable ${keyVariable})`,
    )
    .option(
      "--allow-origin <origin>",
      "a site whose pages may ask, such as http://localhost:3000, or * for all; several times for several",
      addOrigin,
    )
    .addOption(checkpointOption())
    .addOption(deviceOption())
    .option("--max-concurrent <count>", "most answers made at once", parseCount, 16)
    .option("--max-queue <count>", "most answers that wait; the rest is told to try again", parseNone, 64)
    .option("--max-body <bytes>", "longest request (default: 4 MiB, with a recording 25 MiB)", parseCount);
  for (const flag of flagsOf(servings.map(({ options }) => options))) command.addOption(toOption(flag));
  return command
    .option("--json", "print one JSON object with the address")
    .addHelpText(
      "after",
      `
Examples:
${servings.flatMap(({ examples = [] }) => examples.map((line) => `  autodidact serve ${line}\n`)).join("")}  ${keyVariable}=secret autodidact serve runs/model --host 0.0.0.0

Ctrl-C takes no new requests and finishes the answers that are being made; a second one ends at once.`,
    )
    .action((name: string, flags: ServeFlags) => serve(name, flags, command, modalities));
}

async function serve(
  name: string,
  flags: ServeFlags,
  command: Command,
  modalities: readonly Modality[],
): Promise<void> {
  const apiKey = readKeys(flags.apiKeyFile);
  const { host, port, device, maxConcurrent, maxQueue, maxBody, allowOrigin: allowOrigins } = flags;
  if (!isLoopback(host) && apiKey === undefined) warnOpen(host);
  const around = aroundOf(modalities);
  const model = await findNamed(name, flags.checkpoint, around);
  const serving = servingOf(model, command, modalities);
  const options = await readOptions(serving, command);
  const served = await serving.start(model, { name: basename(name), options, device, maxConcurrent }, around);
  try {
    const bodyBytes = maxBody ?? served.bodyBytes ?? usualBodyBytes;
    const limits = { bodyBytes, maxConcurrent, maxQueue };
    collectGarbage();
    const server = await startHost(served, { host, port, apiKey, limits, allowOrigins });
    introduce(server, served, flags, apiKey);
    await interrupted();
    process.stderr.write("finishing the answers that are being made; Ctrl-C again ends at once\n");
    await server.close(graceMs);
  } finally {
    await served.close();
  }
}

/** Throws `CommandError` for a model that answers nothing over HTTP, and for flags of other models. */
function servingOf({ name, kind }: Named, command: Command, modalities: readonly Modality[]): Serving {
  const kinds = modalities.flatMap((modality) => modality.kinds);
  const able = kinds.filter(({ serving }) => serving);
  const { serving } = kind;
  if (!serving) {
    throw new CommandError(
      "the model has nothing to serve",
      `${name} holds a ${kind.name}, which has no route`,
      `give a model that has: ${able.map((other) => `a ${other.name}`).join(", ")}`,
    );
  }
  const all = new Set(able.flatMap((other) => Object.keys(other.serving!.options.shape)));
  const stray = [...all].find(
    (key) => command.getOptionValueSource(key) === "cli" && !Object.hasOwn(serving.options.shape, key),
  );
  if (stray === undefined) return serving;
  throw new CommandError(
    "a flag has no meaning for this model",
    `${flagName(stray)}; ${name} holds a ${kind.name}`,
    "leave it out",
  );
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
  { models: [model, ...others], facts, description, example, page }: Served,
  { json, apiKeyFile }: ServeFlags,
  apiKeys: readonly ApiKey[] | undefined,
): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ url, model, ...facts })}\n`);
    return;
  }
  const secret = apiKeyFile === undefined ? `$${keyVariable}` : `$(grep -om1 "^[^# ]*" ${apiKeyFile})`;
  const key = apiKeys === undefined ? "" : ` -H "Authorization: Bearer ${secret}"`;
  const beside = others.length > 0 ? ` and ${others.join(", ")}` : "";
  process.stdout.write(
    `${url} serves ${model}${beside}: ${description}\n\n` +
      `${page ? `Open ${url}/ in a browser, or ask` : "Ask"} from a program:\n\n` +
      `  curl ${url}${example.path}${key} ${curlBody(example)}\n\n`,
  );
}

function curlBody(example: Served["example"]): string {
  if ("body" in example) return `-H "Content-Type: application/json" -d '${JSON.stringify(example.body)}'`;
  return Object.entries(example.form)
    .map(([name, value]) => `-F "${name}=${value}"`)
    .join(" ");
}

function parsePort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError("Give a number from 0 to 65535.");
}

function addOrigin(text: string, origins: readonly string[] = []): string[] {
  if (text === "*" || (URL.canParse(text) && new URL(text).origin === text)) return [...origins, text];
  throw new InvalidArgumentError("Give an origin without a path, such as http://localhost:3000, or *.");
}

function parseNone(text: string): number {
  return text === "0" ? 0 : parseCount(text);
}

function warnOpen(host: string): void {
  process.stderr.write(
    `warning: everyone who reaches ${host} can use this server; set ${keyVariable} or --api-key-file to ask for a key\n`,
  );
}
