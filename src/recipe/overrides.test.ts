import { describe, expect, test } from "vitest";
import { z } from "zod";
import { RecipeError } from "./errors.js";
import { applyOverrides, type Override, parseOverrides } from "./overrides.js";

describe("parseOverrides", () => {
  test("takes the dotted flags and leaves the rest in order", () => {
    const argv = [
      "gpt-small",
      "--optimizer.lr=3e-4",
      "--out",
      "runs/x",
      "--data.files",
      "a.txt",
      "more",
      "-v",
    ];
    expect(parseOverrides(argv)).toEqual({
      overrides: [
        ["optimizer.lr", "3e-4"],
        ["data.files", "a.txt"],
      ],
      rest: ["gpt-small", "--out", "runs/x", "more", "-v"],
    });
  });

  test("values may be empty, negative, hold equals signs, dots, line breaks", () => {
    expect(parseOverrides(["--a.b=", "--a.c", "-0.5", "--a.d=x=y.z\n=", "--a.e=--f.g"]).overrides).toEqual([
      ["a.b", ""],
      ["a.c", "-0.5"],
      ["a.d", "x=y.z\n="],
      ["a.e", "--f.g"],
    ]);
  });

  test("a bare flag means true", () => {
    expect(parseOverrides(["--training.samples", "--out", "x", "--a.b"]).overrides).toEqual([
      ["training.samples", "true"],
      ["a.b", "true"],
    ]);
  });

  test("plain flags, dotted values and what follows -- are not overrides", () => {
    const argv = ["--out=runs/a.b", "--lr", "a.b", "--a..b=1", "--", "--optimizer.lr=1"];
    expect(parseOverrides(argv)).toEqual({ overrides: [], rest: argv });
  });
});

const optimizerSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("adamw"),
    lr: z.number().positive(),
    betas: z.tuple([z.number(), z.number()]).default([0.9, 0.95]),
  }),
  z.strictObject({ kind: z.literal("muon"), lr: z.number().positive(), momentum: z.number().optional() }),
]);

const schema = z.strictObject({
  data: z.strictObject({ files: z.array(z.string()).readonly(), field: z.string().optional() }),
  optimizer: optimizerSchema,
  training: z
    .strictObject({
      steps: z.int().positive(),
      samples: z.boolean(),
      schedule: z.enum(["cosine", "linear"]).optional(),
      target: z.union([z.number(), z.literal("best")]).nullable(),
    })
    .optional(),
  generation: z.strictObject({ temperature: z.number().default(1), stop: z.array(z.string()) }).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  onSample: z.custom<() => void>((value) => typeof value === "function").optional(),
  extra: z.unknown().optional(),
  seed: z.preprocess((value) => value, z.int()).optional(),
});

const onSample = () => {};
const recipe = {
  data: { files: ["book.txt"] },
  optimizer: { kind: "adamw", lr: 1e-3, betas: [0.9, 0.95] },
  training: { steps: 100, samples: true, target: null },
  onSample,
};

const apply = (...overrides: Override[]) => applyOverrides(recipe, overrides, schema);
const change = (path: string, text: string) => apply([path, text]);

describe("applyOverrides with a schema", () => {
  test("changes what is named, shares nothing it changed, and leaves the recipe as it was", () => {
    const before = structuredClone({ ...recipe, onSample: undefined });
    const changed = apply(["optimizer.lr", "3e-4"], ["training.samples", "false"], ["training.steps", "20"]);
    expect(changed).toEqual({
      ...recipe,
      optimizer: { kind: "adamw", lr: 3e-4, betas: [0.9, 0.95] },
      training: { steps: 20, samples: false, target: null },
    });
    expect({ ...recipe, onSample: undefined }).toEqual(before);
  });

  test.each([
    ["data.files", "a.txt", ["a.txt"]],
    ["data.files", '["a.txt","b.txt"]', ["a.txt", "b.txt"]],
    ["data.files", "1984", ["1984"]],
    ["data.files.0", "other.txt", ["other.txt"]],
  ])("a list from one flag: --%s=%s", (path, text, files) => {
    expect(change(path, text)).toMatchObject({ data: { files } });
  });

  test("a list from a repeated flag", () => {
    expect(apply(["data.files", "a.txt"], ["optimizer.lr", "1"], ["data.files", "7"])).toMatchObject({
      data: { files: ["a.txt", "7"] },
      optimizer: { lr: 1 },
    });
    expect(apply(["optimizer.betas", "0.8"], ["optimizer.betas", ".9"])).toMatchObject({
      optimizer: { betas: [0.8, 0.9] },
    });
    expect(change("optimizer.betas.1", "0.99")).toMatchObject({ optimizer: { betas: [0.9, 0.99] } });
  });

  test("keys and sections that the recipe leaves out", () => {
    expect(change("training.schedule", "linear")).toMatchObject({
      training: { schedule: "linear", steps: 100 },
    });
    expect(change("generation.temperature", "0.5")).toMatchObject({ generation: { temperature: 0.5 } });
    expect(change("data.field", "42")).toMatchObject({ data: { field: "42" } });
    expect(change("labels.author", "Melville")).toMatchObject({ labels: { author: "Melville" } });
    expect(change("seed", "7")).toMatchObject({ seed: 7 });
    expect(change("extra", '{"a":[1]}')).toMatchObject({ extra: { a: [1] } });
  });

  test("unions and null", () => {
    expect(change("training.target", "1.5")).toMatchObject({ training: { target: 1.5 } });
    expect(change("training.target", "best")).toMatchObject({ training: { target: "best" } });
    expect(change("training.target", "null")).toMatchObject({ training: { target: null } });
  });

  test("a change of variant comes first and drops the keys that the new one lacks", () => {
    const muon = apply(["optimizer.momentum", "0.9"], ["optimizer.kind", "muon"]);
    expect(muon).toMatchObject({ optimizer: { kind: "muon", lr: 1e-3, momentum: 0.9 } });
    expect(Object.keys((muon as typeof recipe).optimizer)).toEqual(["kind", "lr", "momentum"]);
    expect(schema.safeParse(muon).success).toBe(true);
  });

  test("a key named __proto__ reaches no prototype", () => {
    expect(() => change("training.__proto__.x", "1")).toThrow(RecipeError);
    const labelled = change("labels.__proto__", "x");
    expect(Object.getPrototypeOf(labelled)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe("errors", () => {
  const failure = (path: string, ...texts: string[]) => {
    try {
      apply(...texts.map((text): Override => [path, text]));
    } catch (error) {
      expect(error).toBeInstanceOf(RecipeError);
      return (error as RecipeError).message.split("\n");
    }
    throw new Error("nothing was thrown");
  };

  test.each([
    ["optimizer.lrr", "optimizer has the keys kind, lr, betas", "did you mean --optimizer.lr?"],
    ["optimizer.momentum", "optimizer has the keys kind, lr, betas", "use one of the keys that exist"],
    [
      "optimiser.lr",
      "the recipe has the keys data, optimizer, training, generation, labels, onSample, extra, seed",
      "did you mean --optimizer.lr?",
    ],
    [
      "generation.temprature",
      "generation has the keys temperature, stop",
      "did you mean --generation.temperature?",
    ],
    ["optimizer.lr.max", "optimizer.lr has no keys: it is a number", "use one of the keys that exist"],
  ])("the unknown key %s", (path, found, advice) => {
    expect(failure(path, "1")).toEqual([
      `the recipe has no key "${path}"`,
      `  found: ${found}`,
      `  to do: ${advice}`,
    ]);
  });

  test.each([
    ["optimizer.lr", ["fast"], '"fast"; expected a number'],
    ["optimizer.lr", [""], '""; expected a number'],
    ["optimizer.lr", ["-1"], '"-1"; expected a number (Too small: expected number to be >0)'],
    ["optimizer.lr", ["1", "2"], '"1", "2"; expected a number'],
    ["optimizer.kind", ["adam"], '"adam"; expected adamw, or muon'],
    ["training.steps", ["1.5"], '"1.5"; expected a whole number'],
    ["training.samples", ["yes"], '"yes"; expected true or false'],
    ["training.schedule", ["step"], '"step"; expected one of cosine, linear'],
    ["training.target", ["worst"], '"worst"; expected a number, or best, or null'],
    ["data.files", ["[1]"], '"[1]"; expected a list (repeat the flag, or give a JSON array), each a text'],
    ["training", ["5"], '"5"; expected a section with the keys steps, samples, schedule, target'],
    ["onSample", ["x"], '"x"; expected code, which only the recipe\'s file can hold'],
  ])("the wrong value --%s=%j", (path, texts, found) => {
    const [what, values] = failure(path, ...texts);
    expect(what).toBe(`the value of "${path}" does not fit`);
    expect(values).toBe(`  found: ${found}`);
  });

  test("an index past the end", () => {
    expect(failure("data.files.3", "x")[0]).toBe('"data.files.3" points past the end of a list');
  });
});

describe("applyOverrides without a schema takes the types from the recipe", () => {
  const plain = { model: { width: 64, name: "gpt2", tied: true, sizes: [1, 2], none: null }, hook: onSample };
  const put = (...overrides: Override[]) => applyOverrides(plain, overrides);

  test("values of the same type", () => {
    expect(put(["model.width", "128"], ["model.name", "7"], ["model.tied", "false"])).toMatchObject({
      model: { width: 128, name: "7", tied: false },
    });
    expect(put(["model.sizes", "3"], ["model.sizes", "4"], ["model.none", "x"])).toMatchObject({
      model: { sizes: [3, 4], none: "x" },
    });
  });

  test("other types and keys fail", () => {
    expect(() => put(["model.width", "wide"])).toThrow('"wide"; expected a number');
    expect(() => put(["model.sizes", "a"])).toThrow("each a number");
    expect(() => put(["model.widht", "1"])).toThrow("did you mean --model.width?");
    expect(() => put(["hook", "1"])).toThrow("code, which only the recipe's file can hold");
  });
});
