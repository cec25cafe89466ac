import FFT from "fft.js";

/**
 * Gives a function from `size` real numbers to the squared magnitudes [size / 2 + 1] of their discrete Fourier
 * transform. A size that is no power of two, as Whisper's 400, is so many interleaved parts that are, put together
 * by the definition (Cooley and Tukey, 1965). The array it returns is written again by the next call.
 */
export function powerSpectrum(size: number): (frame: Float64Array) => Float64Array {
  let length = 2;
  while (size % (2 * length) === 0) length *= 2;
  const fft = new FFT(length);
  const part = new Float64Array(length);
  const spectra = Array.from({ length: size / length }, () => new Float64Array(2 * length));
  const powers = new Float64Array(size / 2 + 1);
  const combine = combiner(size, length);
  return (frame) => {
    for (const [offset, spectrum] of spectra.entries()) {
      for (let i = 0; i < length; i++) part[i] = frame[i * spectra.length + offset];
      fft.realTransform(spectrum, part);
      fft.completeSpectrum(spectrum);
    }
    combine(spectra, powers);
    return powers;
  };
}

function combiner(size: number, length: number) {
  const angles = Float64Array.from({ length: size }, (_, i) => (-2 * Math.PI * i) / size);
  const [cosines, sines] = [angles.map(Math.cos), angles.map(Math.sin)];
  return (spectra: readonly Float64Array[], powers: Float64Array): void => {
    for (let k = 0; k < powers.length; k++) {
      const at = 2 * (k % length);
      let real = 0;
      let imaginary = 0;
      for (let offset = 0, turn = 0; offset < spectra.length; offset++, turn = (turn + k) % size) {
        const x = spectra[offset][at];
        const y = spectra[offset][at + 1];
        real += x * cosines[turn] - y * sines[turn];
        imaginary += x * sines[turn] + y * cosines[turn];
      }
      powers[k] = real ** 2 + imaginary ** 2;
    }
  };
}
