import type { Lowered } from "./lower.js";

/** The lowered graph as text, one node a line: `sum_3 = Add(x, constant_1) {axis: 1}`. */
export function printGraph({ model, inputs, outputs }: Lowered): string {
  const graph = model.graph!;
  const signature = (types: Lowered["inputs"]) =>
    [...types].map(([name, { dtype, shape }]) => `${name}: ${dtype}[${shape.join(", ")}]`).join(", ");
  const constants = graph.initializer.map(({ name, dims }) => `  ${name}: constant[${dims.join(", ")}]`);
  const nodes = graph.node.map(({ opType, input, output, attribute }) => {
    const attributes = attribute.map((a) => {
      const text = new TextDecoder().decode(a.s);
      const value = { 1: a.f, 2: a.i, 3: text, 5: a.g?.name, 7: `[${a.ints.join(", ")}]` }[a.type as number];
      return `${a.name}: ${value}`;
    });
    const tail = attributes.length > 0 ? ` {${attributes.join(", ")}}` : "";
    return `  ${output.join(", ")} = ${opType}(${input.join(", ")})${tail}`;
  });
  return [`graph(${signature(inputs)}) {`, ...constants, ...nodes, `} -> ${signature(outputs)}`].join("\n");
}
