/** The programs that decode beside ours: `test/clients` has them, with a package.json of its own. */
import { existsSync, readFileSync } from "node:fs";
import type { Form } from "./decoding-turns.js";

const clients = new URL("../../../../test/clients/", import.meta.url);

/** How to get them, in a checkout. */
export const installPeers = "npm ci --prefix test/clients";

export interface Peer {
  /** As people call it. */
  readonly name: string;
  readonly version: string;
  /** Its side of the benchmark. */
  readonly script: URL;
  /** What it reads. */
  readonly format: "onnx" | "gguf";
}

const known = {
  "transformers.js": { package: "@huggingface/transformers", script: "transformers.ts", format: "onnx" },
  "llama.cpp": { package: "node-llama-cpp", script: "llama.ts", format: "gguf" },
} as const;

export type PeerName = keyof typeof known;

export const peerNames = Object.keys(known) as PeerName[];

/** Those that are installed. */
export function findPeers(): Peer[] {
  return Object.entries(known).flatMap(([name, { package: from, script, format }]) => {
    const manifest = new URL(`node_modules/${from}/package.json`, clients);
    if (!existsSync(manifest)) return [];
    const { version } = JSON.parse(readFileSync(manifest, "utf8"));
    return [{ name, version, script: new URL(`bench/${script}`, clients), format }];
  });
}

/** GGUF has no form like our int4. */
export const ggufTypes: Readonly<Partial<Record<Form, "F32" | "Q8_0">>> = { float32: "F32", int8: "Q8_0" };
