/** What `train` shows of a run on images. */
import { nodeRuntime } from "../../core/runtime/node.js";
import { encodePng } from "../../data/images/write-images.js";
import { compileDenoiser } from "../../generation/images/denoiser-session.js";
import { imageGrid } from "../../generation/images/pictures.js";
import { sampleImages } from "../../generation/images/sample.js";
import type { ImageRun } from "./prepare.js";
import { pathOf } from "./paths.js";
import type { RunView } from "../../cli/run-view.js";
import { formatCount } from "../../cli/terminal/format.js";
import { watch } from "../../cli/watch.js";

export function imageView(run: ImageRun): RunView {
  return {
    run,
    introduction: introductionOf(run),
    async watch() {
      return watch({
        trainer: run.trainer,
        totalSteps: run.steps,
        unit: "images",
        sample: await sampler(run),
      });
    },
    next: (folder) => nextOf(run, folder),
  };
}

function introductionOf({ built: { model }, images, trainer, recipe }: ImageRun): string[] {
  const parameters = model.parameters.reduce((n, p) => n + p.shape.reduce((a, b) => a * b, 1), 0);
  const { channels, height, width } = images.shape;
  const trained = trainer.layout.size;
  return [
    `${recipe.model.kind} with ${formatCount(parameters)} parameters` +
      `${trained < parameters ? `, of which ${formatCount(trained)} are trained` : ""}; ` +
      `${formatCount(images.train.count)} images of ${channels} x ${height} x ${width} to learn from, ` +
      `${formatCount(images.validation.count)} held out, ${images.classes.length} classes`,
    ...(images.skipped.length > 0
      ? [`left out: ${images.skipped.length} that could not be read, such as ${images.skipped[0]}`]
      : []),
  ];
}

function nextOf({ built, images }: ImageRun, folder: string): string[] {
  const first = images.classes[0];
  if (built.kind === "denoiser") {
    return [
      `npx autodidact generate ${folder}${first ? ` --class ${JSON.stringify(first)}` : ""} --count 36 --out samples.png`,
      `npx autodidact evaluate ${folder} --metric fid`,
    ];
  }
  if (built.kind === "classifier") return [`npx autodidact classify ${folder} photo.jpg --top 3`];
  return [`npx autodidact train image-probe --model.from ${folder}`];
}

/** Draws a grid into the run's `samples/`, each row another class. Other models have nothing to show. */
async function sampler(run: ImageRun): Promise<(step: number) => Promise<string>> {
  const { built, weights, recipe, images, folder } = run;
  if (built.kind !== "denoiser") return async () => "";
  const session = await compileDenoiser(nodeRuntime, built.model, weights, { live: true });
  const { count, steps, solver, guidance } = recipe.generation;
  const classes = images.classes.length;
  const labels = classes > 0 ? Array.from({ length: count }, (_, i) => i % classes) : undefined;
  return async (step) => {
    const path = pathOf(recipe.objective);
    const drawn = await sampleImages(session, { path, count, labels, steps, solver, guidance });
    const columns = classes > 0 && classes <= 12 ? Math.min(classes, count) : undefined;
    const grid = imageGrid(drawn, images.shape, { columns });
    const name = `samples/step-${String(step).padStart(6, "0")}.png`;
    await folder.write(name, await encodePng(grid.pixels, grid));
    return name;
  };
}
