import { expect, it } from "vitest";
import { fillUniform, randomStream } from "../../core/random.js";
import { powerSpectrum } from "./power-spectrum.js";

it.each([4, 12, 100, 400, 512])("is that of the definition: %i", (size) => {
  const noise = new Float32Array(size);
  fillUniform(noise, randomStream(1, "spectrum", size), -1, 1);
  const found = powerSpectrum(size)(Float64Array.from(noise));
  expect(found).toHaveLength(size / 2 + 1);
  for (const [k, power] of found.entries()) {
    let [real, imaginary] = [0, 0];
    for (const [i, value] of noise.entries()) {
      real += value * Math.cos((2 * Math.PI * i * k) / size);
      imaginary -= value * Math.sin((2 * Math.PI * i * k) / size);
    }
    // Float64 sums of up to 512 terms.
    expect(Math.abs(power - (real ** 2 + imaginary ** 2))).toBeLessThan(1e-9);
  }
});
