import { describe, expect, it } from "vitest";
import { roomSound } from "../../../test/room-sound.js";
import { GenerationError } from "../errors.js";
import { joinWindows, type Window, windowsOf } from "./long-audio.js";

const RATE = 16_000;
/** Samples of a frame. */
const HOP = 320;

/** What no model would say: each frame its own number, where it stands in the whole. */
function numbered({ start, end }: Window) {
  // As an encoder of Kaldi's frames of 25 ms, two to a step, has them.
  const frames = Math.floor((Math.floor((end - start - 400) / 160) + 1) / 2);
  const data = Float32Array.from({ length: frames * 2 }, (_, i) => start / HOP + Math.floor(i / 2));
  return { data, frames, vocabulary: 2 };
}

describe("windows", () => {
  const whole = (windows: readonly Window[]) =>
    joinWindows(windows.map((window) => ({ window, emissions: numbered(window) })));

  it("overlap by four seconds, of which each speaks for two", () => {
    const windows = [...windowsOf(roomSound(50, []), RATE)];
    expect(windows).toEqual([
      { start: 0, end: 20 * RATE, firstFrame: 0, endFrame: 18 * 50 },
      { start: 16 * RATE, end: 36 * RATE, firstFrame: 18 * 50, endFrame: 34 * 50 },
      { start: 32 * RATE, end: 50 * RATE, firstFrame: 34 * 50, endFrame: 50 * 50 },
    ]);
  });

  it("are cut at a pause near the end of one", () => {
    const samples = roomSound(45, [
      [0, 16],
      [17, 20.5],
      [20.7, 45],
    ]);
    const [first, second, third] = windowsOf(samples, RATE);
    const cut = first.endFrame / 50;
    expect(cut).toBeGreaterThan(16.1);
    expect(cut).toBeLessThan(17);
    expect(first.end).toBe(second.start + 2 * HOP);
    expect(second).toMatchObject({
      start: cut * RATE,
      firstFrame: first.endFrame,
      endFrame: first.endFrame + 900,
    });
    expect(third.start).toBe(second.start + 16 * RATE);
  });

  it.each([
    ["noise alone", roomSound(37, [])],
    [
      "speech with pauses",
      roomSound(43, [
        [1, 15],
        [16, 30],
        [31.5, 43],
      ]),
    ],
    ["one window", roomSound(12, [[1, 2]])],
    [
      "a little more than a window",
      roomSound(20.25, [
        [0, 19],
        [19.8, 20.2],
      ]),
    ],
  ])("join to every frame once: %s", (_, samples) => {
    const { data, frames } = whole([...windowsOf(samples, RATE)]);
    expect(Array.from({ length: frames }, (_, frame) => data[2 * frame])).toEqual(
      Array.from({ length: frames }, (_, frame) => frame),
    );
    const missing = samples.length / HOP - frames; // the last encoder frame wants samples after it
    expect(missing).toBeGreaterThanOrEqual(0);
    expect(missing).toBeLessThan(2);
  });

  it("are never longer than twenty seconds nor shorter than one", () => {
    for (const [gap, seconds] of [
      [19.4, 20.1],
      [18.2, 19.3],
      [19.5, 21],
    ].entries()) {
      const samples = roomSound(21, [
        [0, seconds[0]],
        [seconds[1], 21],
      ]);
      for (const { start, end } of windowsOf(samples, RATE)) {
        expect(end - start, `gap ${gap}`).toBeLessThanOrEqual(20 * RATE);
        expect(end - start, `gap ${gap}`).toBeGreaterThanOrEqual(RATE);
      }
    }
  });

  it("refuse other rates, and emissions that end too soon", () => {
    expect(() => [...windowsOf(new Float32Array(10), 8000)]).toThrow(GenerationError);
    const [window, next] = windowsOf(roomSound(30, []), RATE);
    const emissions = { data: new Float32Array(2 * 800), frames: 800, vocabulary: 2 };
    expect(() =>
      joinWindows([
        { window, emissions },
        { window: next, emissions },
      ]),
    ).toThrow(/800 frames of 900/);
    expect(joinWindows([])).toEqual({ data: new Float32Array(0), frames: 0, vocabulary: 0 });
  });
});
