import { Command, CommanderError } from "commander";
import { AutodidactError } from "../core/errors.js";
import { RecipeError } from "../recipe/errors.js";
import { type Override, parseOverrides } from "../recipe/overrides.js";
import { benchCommand } from "./commands/bench.js";
import { chatCommand } from "./commands/chat.js";
import { classifyCommand } from "./commands/classify.js";
import { doctorCommand } from "./commands/doctor.js";
import { evaluateCommand } from "./commands/evaluate.js";
import { exportCommand } from "./commands/export.js";
import { generateCommand } from "./commands/generate.js";
import { lrFindCommand } from "./commands/lr-find.js";
import { serveCommand } from "./commands/serve.js";
import { trainCommand } from "./commands/train.js";
import { version } from "./version.js";

/** Runs the command line. Results go to standard output, everything else to standard error. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    const { overrides, rest } = parseOverrides(argv);
    await program(overrides).parseAsync(rest, { from: "user" });
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

function program(overrides: readonly Override[]): Command {
  const autodidact = new Command("autodidact")
    .description("Self-supervised learning for TypeScript: learns from unlabelled data by predicting it.")
    .version(version)
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)")
    .showSuggestionAfterError();
  const takesFlags = [trainCommand(overrides), lrFindCommand(overrides)];
  const others = [
    generateCommand(),
    chatCommand(),
    serveCommand(),
    classifyCommand(),
    evaluateCommand(),
    exportCommand(),
    benchCommand(),
    doctorCommand(),
  ];
  for (const command of [...takesFlags, ...others]) {
    autodidact.addCommand(command.copyInheritedSettings(autodidact));
  }
  for (const command of others) {
    command.hook("preAction", () => {
      if (overrides.length > 0) throw notARecipe(command.name(), overrides[0]);
    });
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
