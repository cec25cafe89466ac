import { describe, expect, it } from "vitest";
import { shortened, withoutAlternatives } from "./run-length.js";

const recipe = {
  optimizer: { kind: "adamw", schedule: { kind: "cosine", warmupSteps: 200 } },
  training: { batchSize: 64, epochs: 10 },
};

describe("steps and epochs", () => {
  it("a flag that names one takes the place of the other", () => {
    expect(withoutAlternatives(recipe, [["training.steps", "5"]])).toEqual({
      ...recipe,
      training: { batchSize: 64 },
    });
    const inSteps = { ...recipe, training: { batchSize: 64, steps: 5 } };
    expect(withoutAlternatives(inSteps, [["training.epochs", "2"]])).toEqual({
      ...recipe,
      training: { batchSize: 64 },
    });
  });

  it("both, or none, stay for the schema to judge", () => {
    const both: [string, string][] = [
      ["training.steps", "5"],
      ["training.epochs", "2"],
    ];
    expect(withoutAlternatives(recipe, both)).toBe(recipe);
    expect(withoutAlternatives(recipe, [["training.batchSize", "8"]])).toBe(recipe);
  });
});

describe("a run that a flag makes short", () => {
  const short = { ...recipe, training: { batchSize: 64, steps: 20 } };

  it("has a tenth of it for the warm-up, and says so", () => {
    const { recipe: fitting, notes } = shortened(short, [["training.steps", "20"]]);
    expect(fitting).toMatchObject({ optimizer: { schedule: { kind: "cosine", warmupSteps: 2 } } });
    expect(notes).toEqual(["--training.steps 20: warm-up shortened from 200 to 2 steps"]);
  });

  it("keeps a schedule that fits, that a flag names, or that the file made too long", () => {
    expect(shortened({ ...recipe, training: { steps: 200 } }, [["training.steps", "200"]]).notes).toEqual([]);
    const named: [string, string][] = [
      ["training.steps", "20"],
      ["optimizer.schedule.warmupSteps", "200"],
    ];
    expect(shortened(short, named)).toEqual({ recipe: short, notes: [] });
    expect(shortened(short, [])).toEqual({ recipe: short, notes: [] });
  });
});
