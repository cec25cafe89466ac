import { Command, CommanderError } from "commander";
import { AutodidactError } from "../core/errors.js";
import type { Modality, Verb } from "../modalities/modality.js";
import { modalities as all } from "../modalities/table.js";
import { RecipeError } from "../recipe/errors.js";
import { type Override, parseOverrides } from "../recipe/overrides.js";
import { useCommand, verbsOf } from "./commands/use.js";
import { version } from "./version.js";

/**
 * Runs the command line over some kinds of data. Results go to standard output, everything else to standard error.
 */
export async function main(argv: readonly string[], modalities: readonly Modality[] = all): Promise<void> {
  try {
    const { overrides, rest } = parseOverrides(argv);
    const autodidact = await program(rest, overrides, modalities);
    await autodidact.parseAsync(rest, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode; // it has printed its help or complaint itself
      return;
    }
    process.exitCode = 1;
    const known = error instanceof AutodidactError;
    process.stderr.write(
      `${known ? `error: ${error.message}` : ((error as Error)?.stack ?? String(error))}\n`,
    );
  }
}

type Load = (overrides: readonly Override[], modalities: readonly Modality[]) => Promise<Command>;

/** Loaded when they are asked for: each needs other libraries. */
const others: Readonly<Record<string, Load>> = {
  train: async (overrides, modalities) =>
    (await import("./commands/train.js")).trainCommand(overrides, modalities),
  "lr-find": async (overrides, modalities) =>
    (await import("./commands/lr-find.js")).lrFindCommand(overrides, modalities),
  chat: async (_, modalities) => (await import("./commands/chat.js")).chatCommand(modalities),
  serve: async (_, modalities) => (await import("./commands/serve.js")).serveCommand(modalities),
  export: async (_, modalities) => (await import("./commands/export.js")).exportCommand(modalities),
  bench: async (_, modalities) => (await import("./commands/bench.js")).benchCommand(modalities),
  doctor: async () => (await import("./commands/doctor.js")).doctorCommand(),
};

const takesRecipeValues = ["train", "lr-find"];

/** The command that is asked for alone, or all of them where it is none of them. */
export async function program(
  [asked]: readonly string[],
  overrides: readonly Override[],
  modalities: readonly Modality[],
): Promise<Command> {
  const autodidact = new Command("autodidact")
    .description("Self-supervised learning for TypeScript: learns from unlabelled data by predicting it.")
    .version(version)
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)")
    .showSuggestionAfterError();
  const kinds = modalities.flatMap((modality) => modality.kinds);
  const names = [
    ...["train", "lr-find", ...verbsOf(modalities)],
    ...(kinds.some(({ talk }) => talk) ? ["chat"] : []),
    ...(kinds.some(({ serving }) => serving) ? ["serve"] : []),
    ...["export", ...(modalities.some(({ bench }) => bench) ? ["bench"] : []), "doctor"],
  ];
  for (const name of names.includes(asked) ? [asked] : names) {
    const load = others[name] ?? (async () => useCommand(name as Verb, modalities));
    const command = await load(overrides, modalities);
    if (!takesRecipeValues.includes(name)) {
      command.hook("preAction", () => {
        if (overrides.length > 0) throw notARecipe(name, overrides[0]);
      });
    }
    autodidact.addCommand(command.copyInheritedSettings(autodidact));
  }
  return autodidact;
}

function notARecipe(command: string, [path]: Override): RecipeError {
  return new RecipeError(
    "this command takes no recipe values",
    `--${path} for ${command}`,
    "dotted flags change a recipe, for train and lr-find",
  );
}
