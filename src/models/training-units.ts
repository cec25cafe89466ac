/**
 * A model's parameters in the units in which an optimizer's steps fit them: what training changes is a parameter divided
 * by its unit. Units are powers of two, so that going there and back changes no bit.
 */
import { mul } from "../core/ops/elementwise.js";
import type { Init, Parameter, Parameters } from "../nn/parameter.js";
import type { Weights } from "../nn/weights.js";
import type { EncoderDecoder } from "./encoder-decoder.js";

/** The unit of a parameter, by its name. */
export type Units = (name: string) => number;

/**
 * T5's. Its scores are not divided by sqrt(headWidth), and Muon's and AdamW's steps have one size whatever a parameter's
 * own: in two thousand steps of 8e-3 queries grew until every score was saturated, and the biases of distances, which all
 * order of words rests on, stayed near 0.
 */
export function t5Units({ headWidth }: Pick<EncoderDecoder, "headWidth">): Units {
  const queries = 2 ** -Math.round(Math.log2(headWidth) / 2);
  return (name) => {
    if (/Attention\.q\.weight$/.test(name)) return queries;
    return name.endsWith("relative_attention_bias.weight") ? 16 : 1;
  };
}

/** The same model over parameters in units. */
export function inUnits(model: EncoderDecoder, unitOf: Units): EncoderDecoder {
  const over = (p: Parameters): Parameters => {
    const find = (name: string) => (unitOf(name) === 1 ? p(name) : mul(p(name), unitOf(name)));
    const { adapt, eachLayer, int8Levels } = p;
    return Object.assign(find, { adapt, eachLayer, int8Levels });
  };
  return {
    ...model,
    parameters: model.parameters.map((parameter): Parameter => {
      const unit = unitOf(parameter.name);
      return unit === 1 ? parameter : { ...parameter, init: divided(parameter.init, unit) };
    }),
    encode: (p, ...rest) => model.encode(over(p), ...rest),
    decodeAll: (p, ...rest) => model.decodeAll(over(p), ...rest),
    head: (p) => model.head(over(p)),
    memory: (p, ...rest) => model.memory(over(p), ...rest),
    decode: (p, ...rest) => model.decode(over(p), ...rest),
  };
}

/** Weights in units as the model's own. */
export const fromUnits = (weights: Weights, unitOf: Units): Weights => scaled(weights, unitOf);

/** A model's own weights in units. */
export const toUnits = (weights: Weights, unitOf: Units): Weights =>
  scaled(weights, (name) => 1 / unitOf(name));

function scaled(weights: Weights, factorOf: Units): Weights {
  return new Map(
    [...weights].map(([name, array]) => {
      const factor = factorOf(name);
      return [name, factor === 1 ? array : { ...array, data: array.data.map((value) => value * factor) }];
    }),
  );
}

function divided(init: Init, unit: number): Init {
  switch (init.kind) {
    case "normal":
      return { ...init, std: init.std / unit };
    case "uniform":
      return { ...init, bound: init.bound / unit };
    case "constant":
      return { ...init, value: init.value / unit };
    case "values":
      return { ...init, values: init.values.map((value) => value / unit) };
  }
}
