import { describe, expect, it } from "vitest";
import { roomSound } from "../../../test/room-sound.js";
import { pausesIn, speechIn } from "./pauses.js";

const RATE = 16_000;

describe("pauses", () => {
  it("are where nobody speaks, but for the hangover and short gaps", () => {
    const pauses = pausesIn(
      roomSound(6, [
        [1, 2],
        [2.3, 3.5],
        [4.5, 6],
      ]),
    );
    const seconds = pauses.map(({ start, end }) => [start / RATE, end / RATE]);
    // 50 ms are speech before what is loud, 150 ms after; a frame reaches over 25 ms.
    expect(seconds).toEqual([
      [0, expect.closeTo(0.93, 1)],
      [expect.closeTo(3.66, 1), expect.closeTo(4.43, 1)],
    ]);
  });

  it("are not found in noise or in sound without an end, nor in less than a frame", () => {
    expect(pausesIn(roomSound(3, []))).toEqual([]);
    expect(pausesIn(roomSound(3, [[0, 3]]))).toEqual([]);
    expect(pausesIn(new Float32Array(RATE))).toEqual([]);
    expect(pausesIn(new Float32Array(100))).toEqual([]);
  });

  it("do not depend on the level", () => {
    const loud = roomSound(4, [
      [1, 2],
      [3, 4],
    ]);
    expect(pausesIn(loud.map((value) => value / 8))).toEqual(pausesIn(loud));
  });

  it("begin after the hangover, to the frame", () => {
    const energies = [...Array(30).fill(0), ...Array(10).fill(10), ...Array(30).fill(0)];
    const isSpeech = speechIn({ data: Float32Array.from(energies), frames: 70, bands: 1 });
    expect([isSpeech.indexOf(1), isSpeech.lastIndexOf(1)]).toEqual([30 - 5, 39 + 15]);
    expect(isSpeech.slice(25, 55).every((value) => value === 1)).toBe(true);
  });
});
