/** What a measurement has to say about where it was made. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, availableParallelism, cpus, freemem, release, totalmem, type } from "node:os";
import { version } from "./version.js";

export interface Machine {
  readonly platform: string;
  readonly cpu: string;
  /** Logical cores that this process may use. */
  readonly cores: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  readonly versions: { readonly autodidact: string; readonly node: string; readonly onnxruntime: string };
}

export function describeMachine(): Machine {
  return {
    platform: `${type()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() || "unknown processor",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    versions: {
      autodidact: version,
      node: process.versions.node,
      onnxruntime: versionIn(createRequire(import.meta.url).resolve("#onnxruntime-node/package.json")),
    },
  };
}

function versionIn(packageJson: string): string {
  return (JSON.parse(readFileSync(packageJson, "utf8")) as { version: string }).version;
}
