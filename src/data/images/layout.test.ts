import { describe, expect, it } from "vitest";
import { sameName } from "./class-name.js";
import { layoutOf } from "./layout.js";

/** Names with their class, of each split. */
function placed(names: string[]) {
  const { classes, splits } = layoutOf(names);
  const placed = Object.entries(splits).map(([split, list]) => [
    split,
    list.map(({ name, label }) => `${name}: ${classes[label] ?? "none"}`),
  ]);
  return Object.fromEntries(placed);
}

describe("one outer folder", () => {
  it.each([
    ["of folders is passed over", ["pets/a/x.png", "pets/b/y.png"], ["a", "b"]],
    ["of one folder as well", ["pets/a/x.png", "pets/a/y.png"], ["a"]],
    ["in another is passed over as well", ["x/pets/a/x.png", "x/pets/b/y.png"], ["a", "b"]],
    ["of pictures is their class", ["pets/x.png", "pets/y.png"], ["pets"]],
    ["of both is their class", ["pets/a/x.png", "pets/y.png"], ["pets"]],
    ["of training pictures is a split", ["train/a/x.png", "train/b/y.png"], ["a", "b"]],
    ["beside another is a class", ["pets/a/x.png", "cars/b/y.png"], ["cars", "pets"]],
    ["of test pictures alone is none", ["test/a/x.png", "test/b/y.png"], ["a", "b"]],
  ])("%s", (_, names, classes) => {
    expect(layoutOf(names).classes).toEqual(classes);
    expect(layoutOf(names).splits.train.map(({ name }) => name)).toEqual(names);
  });

  it("may hold splits, and strays", () => {
    const names = ["set/test/a/y.png", "set/train/a/x.png"];
    const expected = { train: ["set/train/a/x.png: a"], test: ["set/test/a/y.png: a"] };
    expect(placed(names)).toEqual(expected);
    expect(placed([...names, "cover.png", "set/logo.png"])).toEqual(expected);
    expect(layoutOf([...names, "cover.png", "set/logo.png"]).leftOut).toEqual([
      "2 pictures beside test/, train/, such as cover.png",
    ]);
  });
});

it.each([
  ["train", "test", "test"],
  ["training", "testing", "test"],
  ["Train", "TEST", "test"],
  ["train2", "test", "test"],
  ["train2017", "val2017", "validation"],
  ["train", "dev", "validation"],
  ["train", "val", "validation"],
  ["train", "valid", "validation"],
  ["train", "validation", "validation"],
  ["train", "eval", "test"],
  ["training_set", "test_set", "test"],
  ["TrainingSet", "testset", "test"],
  ["seg_train/seg_train", "seg_test/seg_test", "test"],
  ["train/images", "test/images", "test"],
])("%s/ and %s/ are splits, also beside strays", (train, other, split) => {
  const names = [`${train}/a/1.png`, `${train}/b/2.png`, `${other}/a/3.png`];
  const expected = {
    train: [`${train}/a/1.png: a`, `${train}/b/2.png: b`],
    [split]: [`${other}/a/3.png: a`],
  };
  expect(placed(names)).toEqual(expected);
  const strays = ["extra/4.png", "preview.png"];
  expect(placed([...names, ...strays])).toEqual(expected);
  const { leftOut } = layoutOf([...names, ...strays]);
  const [a, b] = [train, other].map((folder) => folder.split("/")[0]);
  expect(leftOut).toEqual([`2 pictures beside ${a}/, ${b}/, such as extra/4.png`]);
});

it.each([
  ["vehicles", ["bus/1.png", "car/2.png", "train/3.png"], ["bus", "car", "train"]],
  ["things", ["test tube/1.png", "train station/2.png", "z/1.png"], ["test tube", "train station", "z"]],
  ["verdicts", ["invalid/1.png", "valid/2.png"], ["invalid", "valid"]],
  ["nested vehicles", ["bus/x/1.png", "train/x/2.png", "train/y/3.png"], ["bus", "train"]],
])("%s stay classes", (_, names, classes) => {
  expect(layoutOf(names)).toMatchObject({ classes, leftOut: [] });
  expect(Object.keys(layoutOf(names).splits)).toEqual(["train"]);
});

it("folders for training alone are a split, also beside another that holds no folders", () => {
  const names = ["train/a/1.png", "train/b/2.png"];
  const train = ["train/a/1.png: a", "train/b/2.png: b"];
  expect(placed(names)).toEqual({ train });
  expect(placed([...names, "x.png"])).toEqual({ train });
  expect(placed([...names, "samples/x.png"])).toEqual({ train });
  expect(layoutOf([...names, "samples/x.png"]).leftOut).toEqual(["1 picture beside train/: samples/x.png"]);
});

it("splits in the folder of each class are read", () => {
  const names = ["a/test/1.png", "a/train/2.png", "b/test/3.png", "b/train/4.png"];
  expect(placed(names)).toEqual({
    train: ["a/train/2.png: a", "b/train/4.png: b"],
    test: ["a/test/1.png: a", "b/test/3.png: b"],
  });
});

it("a folder of images in a split is no class", () => {
  expect(placed(["test/images/1.png", "train/images/2.png", "train/images/3.png"])).toEqual({
    train: ["train/images/2.png: none", "train/images/3.png: none"],
    test: ["test/images/1.png: none"],
  });
});

it("splits that are all held out are refused", () => {
  expect(() => layoutOf(["test/a/1.png", "val/a/2.png"])).toThrow(
    /all pictures are held out[\s\S]*test\/, val\//,
  );
});

it("held-out pictures of a class that training has not are left out by name; of no known class they have none", () => {
  const train = ["train/a/1.png", "train/b/2.png"];
  const some = layoutOf(["test/a/3.png", "test/c/4.png", "test/c/5.png", ...train]);
  expect(some.splits.test).toEqual([{ name: "test/a/3.png", label: 0 }]);
  expect(some.leftOut).toEqual(["2 pictures of the test split in classes that training has not: c"]);
  const none = layoutOf([...train, "val/unknown/3.png"]);
  expect(none.classes).toEqual(["a", "b"]);
  expect(none.splits.validation).toEqual([{ name: "val/unknown/3.png", label: -1 }]);
  expect(none.leftOut).toEqual(["the classes of the validation split, none of which training has: unknown"]);
});

it("a class is one, however its name is composed", () => {
  const [composed, decomposed] = ["caf\u00e9", "cafe\u0301"];
  const { classes, splits } = layoutOf([`${decomposed}/1.png`, `${composed}/2.png`]);
  expect(classes).toEqual([composed]);
  expect(splits.train.map(({ label }) => label)).toEqual([0, 0]);
  expect([sameName(composed, decomposed), sameName("cafe", composed)]).toEqual([true, false]);
});
