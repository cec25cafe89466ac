// What a sound looks like.

/** Of a window; a power of two. */
const size = 256;
const hop = 64;
/** From black to the loudest place. */
const decibels = 70;
/** Of our WAV files; their sample rate stands at 24. */
const headerBytes = 44;

/** From silent to loud; between these, colours are mixed. */
const colours = [
  [0, 0, 4],
  [81, 18, 124],
  [183, 55, 121],
  [252, 137, 97],
  [252, 253, 191],
];

/** The samples of a WAV file as the server writes it. @param {ArrayBuffer} file */
export function samplesOf(file) {
  return Float32Array.from(new Int16Array(file, headerBytes), (value) => value / 2 ** 15);
}

/** Paints how loud each frequency is over time. @param {HTMLCanvasElement} canvas @param {Float32Array} samples */
export function paint(canvas, samples) {
  const columns = Math.max(1, Math.floor((samples.length - size) / hop) + 1);
  const powers = Array.from({ length: columns }, (_, column) =>
    spectrum(samples.subarray(column * hop, column * hop + size)),
  );
  const loudest = powers.reduce((most, values) => Math.max(most, ...values), 1e-12);
  canvas.width = columns;
  canvas.height = size / 2;
  const context = canvas.getContext("2d");
  const image = new ImageData(columns, size / 2);
  for (const [column, values] of powers.entries()) {
    for (const [bin, power] of values.entries()) {
      const share = 1 + (10 * Math.log10(Math.max(1e-20, power / loudest))) / decibels;
      image.data.set([...colourOf(share), 255], 4 * ((size / 2 - 1 - bin) * columns + column));
    }
  }
  context?.putImageData(image, 0, 0);
}

/** The power of each frequency below half the rate (Cooley and Tukey 1965). @param {Float32Array} samples */
function spectrum(samples) {
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  for (let i = 0; i < samples.length; i++) {
    real[reversed(i)] = samples[i] * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
  }
  for (let half = 1; half < size; half *= 2) {
    for (let start = 0; start < size; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const [a, b, angle] = [start + k, start + k + half, (-Math.PI * k) / half];
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        const [x, y] = [real[b] * cos - imaginary[b] * sin, real[b] * sin + imaginary[b] * cos];
        [real[b], imaginary[b]] = [real[a] - x, imaginary[a] - y];
        [real[a], imaginary[a]] = [real[a] + x, imaginary[a] + y];
      }
    }
  }
  return Float64Array.from({ length: size / 2 }, (_, bin) => real[bin] ** 2 + imaginary[bin] ** 2);
}

/** A place with its bits turned round. @param {number} place */
function reversed(place) {
  let turned = 0;
  for (let bit = 1; bit < size; bit *= 2) turned = 2 * turned + (place & bit ? 1 : 0);
  return turned;
}

/** @param {number} share */
function colourOf(share) {
  const place = Math.max(0, Math.min(1, share)) * (colours.length - 1);
  const below = Math.min(colours.length - 2, Math.floor(place));
  return colours[below].map((value, i) => value + (place - below) * (colours[below + 1][i] - value));
}
