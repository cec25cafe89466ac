import { describe, expect, it } from "vitest";
import { layoutOf } from "./layout.js";

/** Names with their class, of each split. */
function placed(names: string[]) {
  const { classes, splits } = layoutOf(names);
  const list = (split: "train" | "test") =>
    splits[split].map(({ name, label }) => `${name}: ${classes[label] ?? "none"}`);
  return { train: list("train"), test: list("test") };
}

describe("one outer folder", () => {
  it.each([
    ["of folders is passed over", ["pets/a/x.png", "pets/b/y.png"], ["a", "b"]],
    ["of one folder as well", ["pets/a/x.png", "pets/a/y.png"], ["a"]],
    ["is passed over once", ["x/pets/a/x.png", "x/pets/b/y.png"], ["pets"]],
    ["of pictures is their class", ["pets/x.png", "pets/y.png"], ["pets"]],
    ["of both is their class", ["pets/a/x.png", "pets/y.png"], ["pets"]],
    ["of training pictures is a split", ["train/a/x.png", "train/b/y.png"], ["a", "b"]],
    ["beside another is a class", ["pets/a/x.png", "cars/b/y.png"], ["cars", "pets"]],
    ["of test pictures alone is none", ["test/a/x.png", "test/b/y.png"], ["a", "b"]],
  ])("%s", (_, names, classes) => {
    expect(layoutOf(names).classes).toEqual(classes);
    expect(layoutOf(names).splits.train.map(({ name }) => name)).toEqual(names);
  });

  it("may hold splits", () => {
    const names = ["set/test/b/y.png", "set/train/a/x.png", "set/val/c/z.png"];
    expect(placed(names)).toEqual({ train: ["set/train/a/x.png: a"], test: ["set/test/b/y.png: b"] });
  });
});

it("splits are seen in any case", () => {
  const names = ["TEST/b/y.png", "Train/a/x.png", "Train/z.png", "Val/c/z.png"];
  expect(placed(names)).toEqual({
    train: ["Train/a/x.png: a", "Train/z.png: none"],
    test: ["TEST/b/y.png: b"],
  });
  expect(layoutOf(names).classes).toEqual(["a", "b"]);
});
