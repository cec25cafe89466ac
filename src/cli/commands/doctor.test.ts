import { expect, it } from "vitest";
import { printed } from "../../../test/printed.js";
import { type Diagnosis, doctorCommand } from "./doctor.js";

it("finds a CPU that computes, and says what Python lacks", async () => {
  const text = await printed(doctorCommand(), ["--json", "--python", "/no/such/python"]);
  const diagnosis: Diagnosis = JSON.parse(text);
  expect(process.exitCode ?? 0).toBe(0);
  expect(diagnosis.devices).toContainEqual({ device: "cpu", works: true });
  expect(diagnosis.gemmGflops).toBeGreaterThan(0);
  expect(diagnosis.freeDiskBytes).toBeGreaterThan(0);
  expect(diagnosis.torch).toEqual({ missing: expect.stringContaining("ENOENT") });
  for (const { works, problem } of diagnosis.devices) expect(problem === undefined).toBe(works);
});
