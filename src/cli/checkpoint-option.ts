import { InvalidArgumentError, Option } from "commander";
import type { Checkpoint } from "../interop/model-folder.js";
import { checkpointName } from "../training/checkpoint.js";

/** `--checkpoint`: which of a run's models a command opens. */
export function checkpointOption(): Option {
  return new Option("--checkpoint <which>", "of a run: latest, best, or the number of a step that it kept")
    .argParser(parseCheckpoint)
    .default("latest");
}

function parseCheckpoint(text: string): Checkpoint {
  if (text === "latest" || text === "best") return text;
  if (/^[1-9]\d*$/.test(text)) return checkpointName(Number(text));
  throw new InvalidArgumentError("Give latest, best, or the number of a step.");
}
