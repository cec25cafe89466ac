/** EleutherAI's lm-eval measures a model through the server as it does by itself. */
import { describe, expect, it } from "vitest";
import { largestDifference } from "../parity/full-forward.js";
import { saveSmallModel, serveSmallModel } from "../serving/small-model.js";
import { askPythonMeanwhile, lacks } from "./python.js";

const missing = lacks("lm_eval", "torch", "transformers", "tenacity");

interface Answers {
  readonly choices: number[];
  readonly greedy: boolean[];
  readonly rolling: number[];
  readonly written: string[];
}

describe.skipIf(missing)(`lm-eval${missing ? ` (left out: ${missing})` : ""}`, () => {
  it("gets from the server what it gets from Transformers", async () => {
    const { folder, remove } = await saveSmallModel();
    const { url, close } = await serveSmallModel();
    const choices = [
      ["The sea", " is blue"],
      ["The sea", " is a very long and winding road"],
      ["世界 and café", "!"],
      ["x", "y"],
    ];
    // Shorter than the context: where windows begin is lm-eval's choice, and another for servers.
    const texts = ["Call me Ishmael.", "It was the best of times, it was the worst of times. ".repeat(4)];
    const { served, own } = await askPythonMeanwhile<{ served: Answers; own: Answers }>(
      "ask_harness.py",
      [folder, url],
      { choices, texts },
    );
    await close();
    remove();
    expect(served.choices).toHaveLength(4);
    // Sums of up to 212 log-probabilities, of size 5 and right to 1e-5 each.
    expect(largestDifference(served.choices, own.choices)).toBeLessThan(1e-3);
    expect(largestDifference(served.rolling, own.rolling)).toBeLessThan(5e-3);
    expect(served.greedy).toEqual(own.greedy);
    // A server gives whole characters, and drops one that is cut at the end.
    const whole = (text: string) => text.replace(/\ufffd+$/, "");
    expect(served.written.map(whole)).toEqual(own.written.map(whole));
    expect(served.written.join("")).not.toBe("");
  });
});
