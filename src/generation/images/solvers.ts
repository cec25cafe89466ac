/** Solvers of the ordinary differential equation that turns noise into data: loops over an objective's steps. */

/** The way from time 0 (noise) to time 1 (data), as the objective says that a model was trained with. */
export interface Path {
  /** What `data` look like at time `t` on their way from `noise`. */
  noisyAt(data: Float32Array, noise: Float32Array, t: number): Float32Array;
  /** `x` of time `t` moved to time `next`, with the prediction at `x` as what it is all the way. */
  step(x: Float32Array, prediction: Float32Array, t: number, next: number): Float32Array;
}

/** The field at `x` and time `t`. */
export type FieldAt = (x: Float32Array, t: number) => Promise<Float32Array>;

/** Moves `x` from time `t` to time `next`. */
type Advance = (
  path: Path,
  field: FieldAt,
  x: Float32Array,
  t: number,
  next: number,
) => Promise<Float32Array>;

export type Solver = "euler" | "heun" | "midpoint";

/**
 * Euler evaluates the field once a step (on a diffusion path it is DDIM: Song et al. 2021); Heun (Karras et al.
 * 2022, algorithm 1) and midpoint twice, with an error that falls with the square of the step.
 */
export const solvers: Readonly<Record<Solver, Advance>> = {
  async euler(path, field, x, t, next) {
    return path.step(x, await field(x, t), t, next);
  },
  async heun(path, field, x, t, next) {
    const here = await field(x, t);
    const there = await field(path.step(x, here, t, next), next);
    const mean = here.map((v, i) => (v + there[i]) / 2);
    return path.step(x, mean, t, next);
  },
  async midpoint(path, field, x, t, next) {
    const middle = (t + next) / 2;
    const halfway = path.step(x, await field(x, t), t, middle);
    return path.step(x, await field(halfway, middle), t, next);
  },
};
