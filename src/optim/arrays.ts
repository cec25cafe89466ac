/** The arrays that a step works on, a number for each of the parameters' elements, and the work on them. */
import type { Runtime } from "../core/runtime/session.js";
import type { Layout } from "./layout.js";
import type { Optimizer } from "./optimizer.js";
import { type CompiledOptimizer, compileBlend, compileOptimizer, type Descent } from "./update.js";

/** target = keep target + take source, in place. */
export type Blend = (keep: number, take: number) => Promise<void>;

/** Where arrays lie and who computes with them: the host, or a device. */
export interface Arrays<A> {
  /** One with these numbers, as the layout has them; on the host it is that array itself. */
  of(host: Float32Array): Promise<A>;
  /** Copies one into an array on the host, as the layout has it; where it is that array itself, it is left. */
  pull(array: A, into: Float32Array): Promise<void>;
  /** Copies one from an array on the host; where it is that array itself, it is left. */
  push(array: A, from: Float32Array): Promise<void>;
  /** One of zeros. */
  zeros(): Promise<A>;
  /** What sets it to zero. */
  clearing(array: A): Promise<() => Promise<void>>;
  blend(target: A, source: A): Promise<Blend>;
  /** Rules for those of the layout's slots that are given. */
  optimizer(optimizer: Optimizer, slots: Layout["slots"], descent: Descent<A>): Promise<CompiledOptimizer>;
}

/** Flat arrays on the host. */
export function hostArrays(runtime: Runtime, layout: Layout): Arrays<Float32Array> {
  return {
    of: async (host) => host,
    pull: async () => {},
    push: async () => {},
    zeros: async () => new Float32Array(layout.size),
    clearing: async (array) => async () => void array.fill(0),
    blend: (target, source) => compileBlend(runtime, target, source),
    optimizer: (optimizer, slots, descent) =>
      compileOptimizer(runtime, optimizer, { ...layout, slots }, descent),
  };
}
