import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { known } from "../src/core/graph/size.js";
import type { Tensor } from "../src/core/graph/tensor.js";
import { nodeRuntime } from "../src/core/runtime/node.js";
import { compile, hostTensor, type SessionOptions } from "../src/core/runtime/session.js";

interface ProfiledEvent {
  readonly name: string;
  readonly ts: number;
  readonly args?: { readonly op_name?: string };
}

/** The operators that ONNX Runtime ran for the outputs, in its order, as its profile tells; inputs are zeros. */
export async function operatorsRun(
  outputs: Record<string, Tensor>,
  options?: SessionOptions,
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "profile-"));
  const session = await compile(nodeRuntime, outputs, {
    ...options,
    threads: 1,
    profile: join(folder, "run"),
  });
  const feeds = [...session.graph.inputs].map(([name, { dtype, shape }]) => [
    name,
    hostTensor(dtype, shape.map(known)),
  ]);
  await session.run(Object.fromEntries(feeds));
  await session.release();
  const [file] = await readdir(folder);
  const events: ProfiledEvent[] = JSON.parse(await readFile(join(folder, file), "utf8"));
  await rm(folder, { recursive: true });
  return events
    .filter(({ name, args }) => args?.op_name && name.endsWith("_kernel_time"))
    .sort((a, b) => a.ts - b.ts)
    .map(({ args }) => args!.op_name!)
    .filter((operator) => operator !== "SequenceEmpty"); // the session's own, see `nodeRuntime`
}
