import type { Tensor } from "./tensor.js";

type Trim<S extends string> = S extends ` ${infer R}` ? Trim<R> : S extends `${infer L} ` ? Trim<L> : S;

type SplitOperands<L extends string> = L extends `${infer A},${infer B}`
  ? [Tensor<Trim<A>>, ...SplitOperands<B>]
  : [Tensor<Trim<L>>];

/** Operands that a pattern such as "b h t d, b h s d -> b h t s" asks for. */
export type PatternOperands<P extends string> = P extends `${infer L}->${string}` ? SplitOperands<L> : never;

/** The tensor that a pattern gives: the names right of the arrow. */
export type PatternResult<P extends string> = P extends `${string}->${infer R}` ? Tensor<Trim<R>> : never;

/** A side of a pattern: each axis is a list of names, several when in parentheses. */
export type Axes = string[][];

/** Reads "b t (h d)" as [["b"], ["t"], ["h", "d"]]. */
export function parseAxes(side: string): Axes {
  return [...side.matchAll(/\(([^)]*)\)|(\S+)/g)].map(([, group, name]) =>
    group === undefined ? [name] : group.split(/\s+/).filter(Boolean),
  );
}
