import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { version } from "../../src/cli/version.js";
import { autodidact, startProcess } from "./command-line.js";

const verbs = [
  "train",
  "lr-find",
  "generate",
  "chat",
  "serve",
  "classify",
  "evaluate",
  "export",
  "bench",
  "doctor",
];

describe("--help", () => {
  it.each(verbs)("%s shows an example, on standard output, and succeeds", async (verb) => {
    const { code, stdout, stderr } = await autodidact(verb, "--help");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(new RegExp(`Usage: autodidact ${verb}`));
    expect(stdout.split(/Examples?:/)[1]).toMatch(`autodidact ${verb}`);
    expect(stdout).toContain("--json");
  });

  it("lists every verb", async () => {
    const { code, stdout } = await autodidact("--help");
    expect(code).toBe(0);
    for (const verb of verbs) expect(stdout).toContain(`\n  ${verb} `);
  });

  it("of train says what Ctrl-C does", async () => {
    expect((await autodidact("train", "--help")).stdout).toMatch(
      /Ctrl-C finishes the step, saves, .*code 130/,
    );
  });

  it("--version", async () => {
    expect(await autodidact("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("what there is not", () => {
  it.each([
    [["trian"], /unknown command 'trian'[\s\S]*Did you mean train/],
    [["train", "--ouput", "x"], /unknown option '--ouput'[\s\S]*Did you mean --out/],
    [["generate"], /missing required argument 'model'/],
    [["generate", "x", "--checkpoint", "newest"], /newest[\s\S]*latest, best, or the number/],
    [["generate", "x", "--seed", "0.5"], /--seed[\s\S]*whole number/],
    [["evaluate", "x", "--batch-size", "0"], /--batch-size[\s\S]*whole number above 0/],
    [["lr-find", "x", "--from", "-1"], /--from[\s\S]*above 0/],
    [[], /Usage: autodidact/],
    [["generate", "x", "--optimizer.lr=1"], /takes no recipe values/],
  ])("%j", async (args, complaint) => {
    const { code, stdout, stderr } = await autodidact(...args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(complaint);
    expect(stderr).not.toContain("    at ");
  });
});

describe("as a process", () => {
  it("ends with the exit code, and prints errors to standard error", async () => {
    const [helped, unknown, missing] = await Promise.all([
      startProcess(["--help"]).end,
      startProcess(["trian"]).end,
      startProcess(["train", "--resume", "/no/such/folder"]).end,
    ]);
    expect([helped.code, unknown.code, missing.code]).toEqual([0, 1, 1]);
    expect([helped.stderr, unknown.stdout, missing.stdout]).toEqual(["", "", ""]);
    expect(missing.stderr).toMatch(/^error: there is no run to continue\n {2}found: .*\n {2}to do: .*\n$/);
  });

  it("does the same from the sources", async () => {
    const program = fileURLToPath(new URL("../../bin/autodidact.mjs", import.meta.url));
    const { code, stdout, stderr } = await startProcess(["--help"], { program }).end;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe((await autodidact("--help")).stdout);
  });
});
