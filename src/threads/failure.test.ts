import { describe, expect, it } from "vitest";
import { createFailure } from "./failure.js";

const never = () => new Promise<never>(() => {});

describe("createFailure", () => {
  it("gives what comes before it", async () => {
    const { guard } = createFailure();
    expect(await guard(Promise.resolve(1))).toBe(1);
    await expect(guard(Promise.reject(new Error("its own")))).rejects.toThrow("its own");
  });

  it("ends all waits, those to come too, by its first reason", async () => {
    const { fail, guard } = createFailure();
    const waits = [guard(never()), guard(never())].map((wait) => expect(wait).rejects.toThrow("first"));
    fail(new Error("first"));
    fail(new Error("second"));
    await Promise.all(waits);
    await expect(guard(Promise.resolve(1))).rejects.toThrow("first");
  });
});
