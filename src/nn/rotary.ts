import { constant, type Tensor } from "../core/graph/tensor.js";

/** cos and sin of position * theta^(-2 i / d), each [positions, d / 2]. [Su et al. 2021, section 3.2] */
export function rotaryAngles(
  positions: number,
  headWidth: number,
  theta: number,
): { readonly cos: Tensor; readonly sin: Tensor } {
  const half = headWidth / 2;
  const angle = (i: number) => Math.floor(i / half) * theta ** (-(i % half) / half);
  const table = (f: (x: number) => number) =>
    constant(
      Float32Array.from({ length: positions * half }, (_, i) => f(angle(i))),
      [positions, half],
    );
  return { cos: table(Math.cos), sin: table(Math.sin) };
}
