import { describe, expect, test } from "vitest";
import { ProgressLine, progressText } from "./progress.js";

const state = {
  step: 150,
  totalSteps: 600,
  loss: 2.3141,
  validationLoss: 2.4008,
  speed: { perSecond: 12_345, unit: "tok" },
  peakShare: 0.78,
  secondsLeft: 83,
};

describe("progressText", () => {
  test.each([
    [120, "━━━━────────────  step 150/600  loss 2.314  val 2.401  12.3k tok/s  78% of peak  1m 23s left"],
    [80, "step 150/600  loss 2.314  val 2.401  12.3k tok/s  78% of peak  1m 23s left"],
    [70, "step 150/600  loss 2.314  val 2.401  12.3k tok/s  1m 23s left"],
    [50, "step 150/600  loss 2.314  val 2.401  1m 23s left"],
    [40, "step 150/600  loss 2.314  1m 23s left"],
    [30, "step 150/600  loss 2.314"],
    [15, "step 150/600"],
    [4, "step"],
    [0, ""],
  ])("in %d columns", (width, text) => expect(progressText(state, width)).toBe(text));

  test("leaves out what is not known", () => {
    expect(progressText({ step: 7 }, 80)).toBe("step 7");
    expect(progressText({ step: 700, totalSteps: 600, secondsLeft: Number.NaN }, 80)).toBe(
      "━━━━━━━━━━━━━━━━  step 700/600  ? left",
    );
  });
});

function recorder(isTTY: boolean, columns?: number) {
  let written = "";
  const output = { isTTY, columns, write: (text: string) => (written += text) };
  const take = () => {
    const text = written;
    written = "";
    return text;
  };
  return { output, take };
}

describe("ProgressLine", () => {
  test("repaints in place on a terminal, not more often than told, and leaves the last state", () => {
    const { output, take } = recorder(true, 40);
    let nowMs = 0;
    const line = new ProgressLine(output, { repaintEverySeconds: 0.1, nowMs: () => nowMs });
    line.update({ step: 1 });
    expect(take()).toBe("\r\x1b[Kstep 1");
    nowMs = 99;
    line.update({ step: 2 });
    expect(take()).toBe("");
    nowMs = 100;
    line.update({ step: 3 });
    expect(take()).toBe("\r\x1b[Kstep 3");
    line.print("a sample");
    expect(take()).toBe("\r\x1b[Ka sample\n\r\x1b[Kstep 3");
    line.update({ step: 4 });
    line.finish();
    expect(take()).toBe("\r\x1b[Kstep 4\n");
    line.finish();
    expect(take()).toBe("");
  });

  test("stays one column short of the terminal", () => {
    const { output, take } = recorder(true, 12);
    new ProgressLine(output).update(state);
    expect(take()).toBe("\r\x1b[Kstep 150/60");
  });

  test("prints a plain line now and then elsewhere", () => {
    const { output, take } = recorder(false);
    let nowMs = 0;
    const line = new ProgressLine(output, { plainEverySeconds: 10, nowMs: () => nowMs });
    line.update({ step: 1, totalSteps: 9 });
    nowMs = 9_999;
    line.update({ step: 2, totalSteps: 9 });
    line.print("a sample");
    nowMs = 10_000;
    line.update({ step: 3, totalSteps: 9 });
    line.finish();
    expect(take()).toBe("step 1/9\na sample\nstep 3/9\n");
  });

  test("the last state is printed though its time had not come", () => {
    const { output, take } = recorder(false);
    const line = new ProgressLine(output, { nowMs: () => 0 });
    line.update({ step: 1 });
    line.update({ step: 2 });
    line.finish();
    expect(take()).toBe("step 1\nstep 2\n");
  });
});
