/** Models that write what is hidden among four voices. */
import type { SavedGrid } from "../../../interop/grid-folder.js";
import type { ModelKind, Use } from "../../modality.js";
import { type Harmonising, harmonising, type Measuring, measuring } from "./options.js";

const generate: Use<SavedGrid> = {
  verb: "generate",
  summary: "write voices to a melody, or bars anew",
  options: harmonising,
  makes: { endings: [".mid", ".wav", ".mp3", ".png"] },
  examples: [
    "runs/harmony --harmonise melody.mid --out chorale.mid",
    "runs/harmony --from mine.mid --infill 9-12 --out anew.mid",
  ],
  run: async function* (model, { options, wanted }, around) {
    const { harmonise } = await import("./harmonise.js");
    yield* harmonise(model, options as Harmonising, wanted!, around);
  },
};

const evaluate: Use<SavedGrid> = {
  verb: "evaluate",
  name: "harmony",
  summary: "how well hidden notes are told, and three voices to the highest",
  options: measuring.pick({ split: true }),
  run: async function* (model, { options }, around) {
    const { measureHarmony } = await import("./measure-harmony.js");
    yield* measureHarmony(model, options as Pick<Measuring, "split">, around);
  },
};

export const harmoniser: ModelKind<SavedGrid> = {
  name: "harmony model",
  modelTypes: ["autodidact_masked_grid"],
  open: async (folder) => (await import("../../../interop/grid-folder.js")).openGrid(folder),
  uses: [generate, evaluate],
  exports: [
    {
      name: "safetensors",
      summary: "a folder with the weights, for programs of your own",
      precisions: ["float32"],
      async write(model, to) {
        const { saveGrid } = await import("../../../interop/grid-folder.js");
        const { model: grid, weights } = await model.open();
        await saveGrid(to, grid, weights);
      },
    },
  ],
};
