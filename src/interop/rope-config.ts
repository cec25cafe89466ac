/** Rotary positions as a `config.json` says them, in the form of Transformers 4 or 5, and in that of a list of layers. */
import type { Rotary, RotaryScaling } from "../nn/rotary.js";
import type { ConfigFields } from "./config-fields.js";
import type { JsonObject } from "./folder-files.js";

/**
 * `rope_theta` and `rope_scaling`, which newer files keep inside `rope_parameters`. Throws `CheckpointError` for a
 * scaling that is not computed exactly.
 */
export function readRotary(fields: ConfigFields, missingTheta: number): Rotary {
  const parameters = objectIn(fields, "rope_parameters");
  const scaling = objectIn(fields, "rope_scaling");
  if (parameters && scaling) throw fields.inexpressible("rope_scaling", scaling);
  const inside = parameters ? rotaryOf(fields, "rope_parameters", parameters) : undefined;
  const theta = fields.positive("rope_theta", inside?.theta ?? missingTheta);
  if (inside?.theta !== undefined && inside.theta !== theta)
    throw fields.inexpressible("rope_parameters", parameters);
  return { theta, scaling: inside?.scaling ?? (scaling && scalingOf(fields, "rope_scaling", scaling)) };
}

/** The two bases of a model whose layers see all of the text or a window of it. */
export function readTwoRotaries(
  fields: ConfigFields,
  missing: { readonly global: number; readonly local: number },
): { readonly global: Rotary; readonly localTheta: number } {
  const parameters = objectIn(fields, "rope_parameters");
  if (!parameters) {
    return {
      global: readRotary(fields, missing.global),
      localTheta: fields.positive("rope_local_base_freq", missing.local),
    };
  }
  const { full_attention: full, sliding_attention: sliding, ...rest } = parameters;
  const [global, local] = [full, sliding].map((of) =>
    isObject(of) ? rotaryOf(fields, "rope_parameters", of) : undefined,
  );
  if (!global || !local || local.scaling || Object.keys(rest).length > 0)
    throw fields.inexpressible("rope_parameters", parameters);
  return {
    global: { ...global, theta: global.theta ?? missing.global },
    localTheta: local.theta ?? missing.local,
  };
}

function rotaryOf(
  fields: ConfigFields,
  key: string,
  { rope_theta: theta, ...rest }: JsonObject,
): { readonly theta?: number; readonly scaling?: RotaryScaling } {
  const scaling = scalingOf(fields, key, rest);
  if (theta === undefined || theta === null) return { scaling };
  if (isPositive(theta)) return { theta, scaling };
  throw fields.inexpressible(key, { rope_theta: theta, ...rest });
}

/** `rope_type` was once called `type`. */
function scalingOf(fields: ConfigFields, key: string, given: JsonObject): RotaryScaling | undefined {
  const { rope_type: named, type: older = named, ...settings } = given;
  const refuse = () => fields.inexpressible(key, given);
  const kind = named ?? older ?? "default";
  if (older !== undefined && older !== kind) throw refuse();
  const names = Object.keys(settings).filter((name) => settings[name] !== null);
  const numbers = (...wanted: string[]) => {
    const values = wanted.map((name) => settings[name]);
    if (names.length !== wanted.length || !values.every(isPositive)) throw refuse();
    return values as number[];
  };
  switch (kind) {
    case "default":
      numbers();
      return undefined;
    case "linear": {
      const [factor] = numbers("factor");
      return { kind: "linear", factor };
    }
    case "llama3": {
      const [factor, lowFrequency, highFrequency, originalContextLength] = numbers(
        "factor",
        "low_freq_factor",
        "high_freq_factor",
        "original_max_position_embeddings",
      );
      if (highFrequency <= lowFrequency) throw refuse();
      return { kind: "llama3", factor, lowFrequency, highFrequency, originalContextLength };
    }
    default:
      throw refuse();
  }
}

function objectIn(fields: ConfigFields, key: string): JsonObject | undefined {
  const value = fields.take(key) ?? undefined;
  if (value === undefined || isObject(value)) return value;
  throw fields.inexpressible(key, value);
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isPositive = (value: unknown): value is number =>
  typeof value === "number" && value > 0 && Number.isFinite(value);
