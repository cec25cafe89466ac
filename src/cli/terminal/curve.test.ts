import { describe, expect, test } from "vitest";
import { BrailleCanvas } from "./braille.js";
import { lossCurve } from "./curve.js";

test("BrailleCanvas puts each dot where Unicode has it and ignores dots outside", () => {
  const canvas = new BrailleCanvas(8, 1);
  for (let i = 0; i < 8; i++) canvas.dot(2 * i + Math.floor(i / 4), i % 4);
  canvas.dot(-1, 0);
  canvas.dot(0, 4);
  canvas.dot(16, 0);
  expect(canvas.characters()).toEqual([["⠁", "⠂", "⠄", "⡀", "⠈", "⠐", "⠠", "⢀"]]);
});

const decay = (steps: number) =>
  Array.from({ length: steps }, (_, i) => ({ step: i + 1, loss: 1.5 + 2.5 * 2 ** (-i / (steps / 8)) }));

describe("lossCurve", () => {
  test("a line, marks, axes and a legend", () => {
    const validation = [50, 100, 200].map((step) => ({ step, loss: 1.75 + 50 / step }));
    expect(lossCurve({ train: decay(200), validation }, { width: 40, height: 6 }).split("\n")).toEqual([
      "3.97 ┤⠱⡀",
      "     │ ⠘⢄",
      "2.98 ┤  ⠈⠢⡀   ●",
      "     │    ⠈⠢⢄         ●",
      "     │       ⠉⠒⠤⣀⡀                     ●",
      "1.51 ┤           ⠈⠉⠑⠒⠒⠢⠤⠤⠤⠤⠤⢄⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀",
      "     └┬───────────────┬────────────────┬",
      "      1              101             200",
      "      ⠒⠒ train   ● validation   loss by step",
      "",
    ]);
  });

  test("log steps give the beginning more room", () => {
    expect(lossCurve({ train: decay(1000) }, { width: 40, height: 4, logSteps: true }).split("\n")).toEqual([
      "4.00 ┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠒⠒⠒⠒⠒⠤⠤⢄⣀",
      "3.17 ┤                   ⠉⠑⠢⢄⡀",
      "     │                       ⠈⠑⠢⢄",
      "1.51 ┤                           ⠉⠒⠢⠤⣀⣀⣀",
      "     └┬───────────────┬────────────────┬",
      "      1              32             1.0k",
      "      ⠒⠒ train   loss by step (log)",
      "",
    ]);
  });

  test("a gap between points is bridged by a straight line", () => {
    const train = [
      { step: 0, loss: 4 },
      { step: 10_000, loss: 0 },
    ];
    expect(lossCurve({ train }, { width: 18, height: 4 }).split("\n")).toEqual([
      "4.00 ┤⠑⠢⣀",
      "2.67 ┤   ⠑⠢⣀",
      "     │      ⠉⠢⢄",
      "0.00 ┤         ⠉⠢⢄",
      "     └┬────┬─────┬",
      "      0      10.0k",
      "      ⠒⠒ train   loss by step",
      "",
    ]);
  });

  test("one point, and losses close together", () => {
    expect(
      lossCurve({ train: [], validation: [{ step: 3, loss: 2 }] }, { width: 20, height: 3 }).split("\n"),
    ).toEqual([
      "2.50 ┤",
      "2.00 ┤●",
      "1.50 ┤",
      "     └┬─────┬──────┬",
      "      3",
      "      ● validation   loss by step",
      "",
    ]);
    const close = [1, 2].map((step) => ({ step, loss: 2 + step / 1000 }));
    expect(lossCurve({ train: close }, { width: 20, height: 2 }).split("\n")).toEqual([
      "2.0020 ┤      ⣀⡠⠤⠔⠒⠉",
      "2.0010 ┤⣀⠤⠔⠒⠊⠉",
      "       └┬────┬─────┬",
      "        1          2",
      "        ⠒⠒ train   loss by step",
      "",
    ]);
  });

  test("points that are not finite are left out", () => {
    const train = decay(50);
    const broken = [...train, { step: 51, loss: Number.NaN }, { step: 52, loss: Number.POSITIVE_INFINITY }];
    expect(lossCurve({ train: broken })).toBe(lossCurve({ train }));
    expect(lossCurve({ train: [{ step: 1, loss: Number.NaN }] })).toBe("");
  });

  test("no line is wider than asked for", () => {
    for (const width of [30, 64, 100]) {
      const lines = lossCurve({ train: decay(3000), validation: decay(7) }, { width }).split("\n");
      for (const line of lines.slice(0, -2)) expect(line.length).toBeLessThanOrEqual(width);
    }
  });
});
