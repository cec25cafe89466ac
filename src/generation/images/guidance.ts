/** Classifier-free guidance (Ho and Salimans, 2022), in an interval of time (Kynkäänniemi et al., 2024). */
import type { Field } from "./denoiser-session.js";
import type { FieldAt } from "./solvers.js";

/** How strongly the class pulls, and from what time on until when. */
export interface Guidance {
  readonly guidance: number;
  readonly from: number;
  readonly until: number;
}

/**
 * The field for images of these classes; at times of the interval, its ends included, pushed away from what it is
 * without a class: none + guidance (class - none). Images whose class is "none", all where the guidance is 1, and all
 * outside of the interval are evaluated once.
 */
export function guidedField(field: Field, labels: Int32Array, { guidance, from, until }: Guidance): FieldAt {
  const [plain, pushed] = [1, guidance].map((strength) => fieldOf(field, labels, strength));
  return (x, t) => (t >= from && t <= until ? pushed(x, t) : plain(x, t));
}

function fieldOf(field: Field, labels: Int32Array, guidance: number): FieldAt {
  const none = field.model.numClasses;
  const batch = labels.length;
  const guided = guidance === 1 ? [] : [...labels.keys()].filter((i) => labels[i] !== none);
  const rows = batch + guided.length;
  const allLabels = new Int32Array(rows).fill(none);
  allLabels.set(labels);
  return async (x, t) => {
    const size = x.length / batch;
    const doubled = new Float32Array(rows * size);
    doubled.set(x);
    guided.forEach((image, k) => {
      doubled.set(x.subarray(image * size, (image + 1) * size), (batch + k) * size);
    });
    const predicted = await field.predict(doubled, new Float32Array(rows).fill(t), allLabels);
    const result = predicted.slice(0, x.length);
    guided.forEach((image, k) => {
      for (let j = 0; j < size; j++) {
        const without = predicted[(batch + k) * size + j];
        result[image * size + j] = without + guidance * (result[image * size + j] - without);
      }
    });
    return result;
  };
}
