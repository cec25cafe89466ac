import type { Use } from "../../modality.js";
import { judging, type MeasureName, type Measuring, measuring } from "../kinds/options.js";
import type { Saved } from "../kinds/saved.js";

/** A measure of what is drawn, by its name in measures.ts. */
export function measure(name: MeasureName, summary: string): Use<Saved<"denoiser">> {
  return {
    verb: "evaluate",
    name,
    summary,
    options: measuring,
    examples: name === "frechet" ? ["runs/drums --metric frechet --judge runs/judge"] : undefined,
    run: async function* (model, { options }, around) {
      const { measureSounds } = await import("./measures.js");
      yield* measureSounds(name, model, options as Measuring, around);
    },
  };
}

/** How often a judge tells the class of clips held out. */
export const judgeAccuracy: Use<Saved<"classifier">> = {
  verb: "evaluate",
  name: "accuracy",
  summary: "how often the class of clips held out is told",
  options: judging,
  run: async function* (model, _request, around) {
    const { measureJudge } = await import("./measures.js");
    yield* measureJudge(model, around);
  },
};
