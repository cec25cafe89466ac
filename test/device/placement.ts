/** Where the nodes of a graph were computed, as ONNX Runtime's profile says. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

/** What may be computed on the CPU: labels, positions and sizes. */
const mostElements = 1024;
/** CTC's recurrence is a loop, for which the device has no kernel. */
const loops = new Set(["Scan"]);

interface ProfiledNode {
  readonly cat: string;
  readonly name: string;
  readonly args: {
    readonly provider: string;
    readonly op_name: string;
    readonly input_type_shape: readonly Record<string, readonly number[]>[];
    readonly output_type_shape: readonly Record<string, readonly number[]>[];
  };
}

/**
 * The operators that ran on the CPU over many elements, with the number of the largest tensor that each read or wrote, by
 * all profiles in a folder that have the prefix.
 */
export function largeOnTheCpu(folder: string, prefix: string): [op: string, elements: number][] {
  const files = readdirSync(folder).filter((name) => name.startsWith(`${prefix}_`));
  const events = files.flatMap((name): ProfiledNode[] =>
    JSON.parse(readFileSync(join(folder, name), "utf8")),
  );
  const nodes = events.filter(({ cat, name }) => cat === "Node" && name.endsWith("_kernel_time"));
  expect(nodes.some(({ args }) => args.provider === "WebGpuExecutionProvider")).toBe(true);
  return nodes
    .filter(({ args }) => args.provider === "CPUExecutionProvider")
    .map(({ args }): [string, number] => {
      const shapes = [...args.input_type_shape, ...args.output_type_shape].flatMap((type) =>
        Object.values(type),
      );
      return [args.op_name, Math.max(...shapes.map((shape) => shape.reduce((a, b) => a * b, 1)))];
    })
    .filter(([op, elements]) => elements > mostElements && !loops.has(op));
}
