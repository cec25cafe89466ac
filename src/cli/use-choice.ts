/** Which use of a model is asked for: by the verb, by --metric, by the option that asks for it, or the usual one. */
import type { Command } from "commander";
import type { Modality, Named, Use, Verb } from "../modalities/modality.js";
import { CommandError } from "./errors.js";
import { flagName } from "./flags.js";

/** Throws `CommandError` where the model has no such use, several are asked for, or a flag belongs to another. */
export function chooseUse(
  verb: Verb,
  model: Pick<Named, "name" | "kind">,
  command: Command,
  modalities: readonly Modality[],
): Use {
  const uses = model.kind.uses.filter((use) => use.verb === verb);
  if (uses.length === 0) throw cannot(verb, model, modalities);
  const given = givenKeys(command);
  const asked = askedUses(uses, model, command, given);
  if (asked.length > 1) {
    throw new CommandError(
      "several measures are asked for at once",
      asked.map(({ flag }) => flag).join(" "),
      "give one of them a run",
    );
  }
  const chosen = asked[0]?.use ?? uses[0];
  const stray = given.find((key) => !isOption(chosen, key) && !shared.includes(key));
  if (stray !== undefined) throw strayFlag(stray, { uses, asked: asked[0]?.flag }, model, modalities);
  const isWritten = chosen.makes !== undefined;
  if (given.includes("out") && !isWritten) throw writesNothing(command, asked[0]?.flag ?? verb);
  return chosen;
}

/** Flags of the command itself. */
const shared = ["checkpoint", "device", "json", "metric", "out"];

const isOption = ({ options }: Use, key: string) => Object.hasOwn(options.shape, key);

function givenKeys(command: Command): string[] {
  return command.options
    .map((option) => option.attributeName())
    .filter((key) => command.getOptionValueSource(key) === "cli");
}

function askedUses(
  uses: readonly Use[],
  { name, kind }: Pick<Named, "name" | "kind">,
  command: Command,
  given: readonly string[],
): { use: Use; flag: string }[] {
  const byOption = uses.flatMap((use) =>
    use.askedBy && given.includes(use.askedBy) ? [{ use, flag: flagName(use.askedBy) }] : [],
  );
  const { metric } = command.opts<{ metric?: string }>();
  if (metric === undefined) return byOption;
  const use = uses.find((use) => use.name === metric);
  if (use) {
    // A flag that the measure has too asks for no other.
    const others = byOption.filter((other) => other.use !== use && !isOption(use, other.use.askedBy!));
    return [{ use, flag: `--metric ${metric}` }, ...others];
  }
  throw new CommandError(
    "the model is not measured like that",
    `--metric ${metric}; ${name} holds a ${kind.name}`,
    `its measures are ${uses.map((use) => use.name).join(", ")}`,
  );
}

function cannot(
  verb: Verb,
  { name, kind }: Pick<Named, "name" | "kind">,
  modalities: readonly Modality[],
): CommandError {
  const able = modalities
    .flatMap(({ kinds }) => kinds)
    .filter(({ uses }) => uses.some((use) => use.verb === verb));
  const own = [...new Set(kind.uses.map((use) => use.verb))];
  return new CommandError(
    `the model does not ${verb}`,
    `${name} holds a ${kind.name}, which can ${own.join(" and ") || "be exported"}`,
    `give a model that can: ${able.map((other) => `a ${other.name}`).join(", ")}`,
  );
}

interface Choice {
  readonly uses: readonly Use[];
  readonly asked?: string;
}

function strayFlag(
  key: string,
  { uses, asked }: Choice,
  { name, kind }: Pick<Named, "name" | "kind">,
  modalities: readonly Modality[],
): CommandError {
  const flag = flagName(key);
  const owners = uses.filter((use) => isOption(use, key));
  if (owners.length > 0) {
    return new CommandError(
      "a flag belongs to another use of the model",
      asked ? `${flag} with ${asked}` : flag,
      `give it ${owners.map((use) => askingFor(use, asked)).join(" or ")}`,
    );
  }
  const kinds = modalities.flatMap((modality) => modality.kinds);
  const others = kinds.filter((other) =>
    other.uses.some((use) => use.verb === uses[0].verb && isOption(use, key)),
  );
  return new CommandError(
    "a flag has no meaning for this model",
    `${flag}; ${name} holds a ${kind.name}`,
    `it is for ${others.map((other) => `a ${other.name}`).join(", ")}`,
  );
}

/** What to say, instead of what is asked, for another use. */
function askingFor({ askedBy, name }: Use, asked: string | undefined): string {
  if (askedBy) return `with ${flagName(askedBy)}`;
  return name ? `with --metric ${name}` : `without ${asked}`;
}

function writesNothing(command: Command, asked: string): CommandError {
  return new CommandError(
    "nothing is written to a file here",
    `--out ${command.opts().out} with ${asked}`,
    "leave --out out",
  );
}
