import type { Path } from "../../generation/images/solvers.js";
import { diffusionPath } from "../../objectives/ddpm.js";
import { linearPath } from "../../objectives/flow-matching.js";

/** The path between noise and data that an objective, as a recipe or a model's config has it, was trained on. */
export function pathOf(objective: Readonly<Record<string, unknown>>): Path {
  if (objective.kind !== "ddpm") return linearPath;
  return diffusionPath({
    steps: objective.steps as number,
    schedule: objective.schedule === "cosine" ? "cosine" : "linear",
  });
}
