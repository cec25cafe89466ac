/** ggml's blocks of 256 values ("K"): parts of 16 or 32 with small scales, and a scale of those in float16. */
import { fromHalf } from "../../core/graph/dtype.js";

const half = (view: DataView, at: number) => fromHalf(view.getUint16(at, true));

/** Scales and least values of 4 bits for 16 parts, codes of 2 bits. */
export function decodeQ2K(view: DataView, at: number, out: Float32Array, to: number): void {
  const [codes, scales] = [at + 16, { step: half(view, at + 80), least: half(view, at + 82) }];
  for (let part = 0; part < 16; part++) {
    const packed = view.getUint8(at + part);
    const step = Math.fround(scales.step * (packed & 15));
    const least = Math.fround(scales.least * (packed >> 4));
    for (let i = 16 * part; i < 16 * part + 16; i++) {
      out[to + i] = Math.fround(step * twoBits(view, codes, i)) - least;
    }
  }
}

/** Scales of 6 bits for 16 parts; codes of 2 bits, and a third that is kept inverted. */
export function decodeQ3K(view: DataView, at: number, out: Float32Array, to: number): void {
  const [codes, scales, scale] = [at + 32, at + 96, half(view, at + 108)];
  for (let part = 0; part < 16; part++) {
    const low = (view.getUint8(scales + (part % 8)) >> (part < 8 ? 0 : 4)) & 15;
    const high = (view.getUint8(scales + 8 + (part % 4)) >> (2 * (part >> 2))) & 3;
    const step = Math.fround(scale * ((low | (high << 4)) - 32));
    for (let i = 16 * part; i < 16 * part + 16; i++) {
      const isKept = (view.getUint8(at + (i % 32)) >> (i >> 5)) & 1;
      out[to + i] = step * (twoBits(view, codes, i) - (isKept ? 0 : 4));
    }
  }
}

/** Scales and least values of 6 bits for 8 parts, codes of 4 bits. */
export function decodeQ4K(view: DataView, at: number, out: Float32Array, to: number): void {
  eachPart(view, at, (part, step, least) => {
    for (let i = 32 * part; i < 32 * part + 32; i++) {
      out[to + i] = Math.fround(step * fourBits(view, at + 16, i)) - least;
    }
  });
}

/** As Q4_K, with a fifth bit. */
export function decodeQ5K(view: DataView, at: number, out: Float32Array, to: number): void {
  eachPart(view, at, (part, step, least) => {
    for (let i = 32 * part; i < 32 * part + 32; i++) {
      const fifth = (view.getUint8(at + 16 + (i % 32)) >> part) & 1;
      out[to + i] = Math.fround(step * (fourBits(view, at + 48, i) | (fifth << 4))) - least;
    }
  });
}

/** Scales of 8 bits for 16 parts; codes of 6 bits, the upper two apart. */
export function decodeQ6K(view: DataView, at: number, out: Float32Array, to: number): void {
  const scale = half(view, at + 208);
  for (let part = 0; part < 16; part++) {
    const step = Math.fround(scale * view.getInt8(at + 192 + part));
    for (let i = 16 * part; i < 16 * part + 16; i++) {
      const byte = view.getUint8(at + 64 * (i >> 7) + (i % 64));
      const low = i % 128 < 64 ? byte & 15 : byte >> 4;
      out[to + i] = step * ((low | (twoBits(view, at + 128, i) << 4)) - 32);
    }
  }
}

/** The 8 parts of a Q4_K or Q5_K: 6 bits each for step and least value, the upper two of the last four apart. */
function eachPart(
  view: DataView,
  at: number,
  act: (part: number, step: number, least: number) => void,
): void {
  const [scale, least] = [half(view, at), half(view, at + 2)];
  const byte = (i: number) => view.getUint8(at + 4 + i);
  for (let part = 0; part < 8; part++) {
    const isFirst = part < 4;
    const low = isFirst ? 0 : byte(part + 4);
    const step = isFirst ? byte(part) & 63 : (low & 15) | ((byte(part - 4) >> 2) & 48);
    const floor = isFirst ? byte(part + 4) & 63 : (low >> 4) | ((byte(part) >> 2) & 48);
    act(part, Math.fround(scale * step), Math.fround(least * floor));
  }
}

/** Code `i`: 32 bytes hold 128 codes of 2 bits, those 32 apart in one byte. */
const twoBits = (view: DataView, at: number, i: number) =>
  (view.getUint8(at + 32 * (i >> 7) + (i % 32)) >> (2 * ((i >> 5) & 3))) & 3;

/** Code `i`: 32 bytes hold 64 codes of 4 bits, those 32 apart in one byte. */
const fourBits = (view: DataView, at: number, i: number) =>
  (view.getUint8(at + 32 * (i >> 6) + (i % 32)) >> (4 * ((i >> 5) & 1))) & 15;
