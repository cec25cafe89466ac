/** Every family of models on WebGPU: gradients as on the CPU, and nothing large that is computed there. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import type { SessionOptions } from "../../src/core/runtime/session.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { compileLoss } from "../../src/training/step.js";
import { initialiseAll } from "../../src/training/weights.js";
import { temporaryFolder } from "../temporary-folder.js";
import { type Family, families } from "./families.js";
import { largeOnTheCpu } from "./placement.js";
import { howToGetAdapter, useSoftwareAdapter } from "./software-adapter.js";

const place = temporaryFolder();
const isThere = useSoftwareAdapter();

/** Of the largest gradient: 3.4e-6 was seen. */
const tolerance = 1e-5;

async function learn({ task, batch }: Family, session: SessionOptions) {
  const layout = layOut(task.parameters, adamw({ lr: 1 }));
  const [parameters, gradients] = [new Float32Array(layout.size), new Float32Array(layout.size)];
  initialiseAll(layout, parameters, 1);
  // No gradient is zero because a gate still is.
  parameters.forEach((value, i) => {
    if (value === 0) parameters[i] = 0.01 * Math.sin(i * 12.9898);
  });
  const compiled = await compileLoss(nodeRuntime, task, layout, { parameters, gradients }, { session });
  const { loss } = await compiled.run(batch);
  await compiled.release();
  return { loss, gradients };
}

it.for(families.map((family) => [family.name, family] as const))("%s", async ([name, family], { skip }) => {
  if (!isThere) skip(howToGetAdapter);
  const prefix = name.replaceAll(/\W+/g, "-");
  const expected = await learn(family, { threads: 1, spin: false });
  const actual = await learn(family, { device: "webgpu", profile: join(place, prefix) });
  expect(Math.abs(actual.loss - expected.loss)).toBeLessThan(tolerance * Math.abs(expected.loss));
  const largest = expected.gradients.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = expected.gradients.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - actual.gradients[i])),
    0,
  );
  expect(worst / largest).toBeLessThan(tolerance);
  expect(largeOnTheCpu(place, prefix)).toEqual([]);
});
