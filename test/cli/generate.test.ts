import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "commander";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { useCommand } from "../../src/cli/commands/use.js";
import { randomStream } from "../../src/core/random.js";
import { byteTokenizer } from "../../src/features/tokenizer/byte-tokenizer.js";
import { openFolder } from "../../src/files/disk.js";
import { GenerationError } from "../../src/generation/errors.js";
import { CheckpointError } from "../../src/interop/errors.js";
import { saveModel } from "../../src/interop/model-folder.js";
import { modalities } from "../../src/modalities/table.js";
import { gpt2 } from "../../src/models/gpt2.js";

let place: string;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), "autodidact-generate-"));
  const model = gpt2({ vocabSize: 257, contextLength: 16, numLayers: 1, numHeads: 2, width: 8 });
  const weights = new Map(
    model.parameters.map(({ name, shape }) => {
      const stream = randomStream(2, name);
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal());
      return [name, { shape, data }];
    }),
  );
  const run = openFolder(place);
  const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
  const generation = { maxTokens: 6, temperature: 0.5 };
  await saveModel(run.folder("checkpoints/step-000001"), { model, weights, tokenizer, generation });
  await run.write("checkpoints/latest", "step-000001");
});

afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Runs the command and gives what it wrote to standard output and standard error. */
async function run(...args: string[]): Promise<{ out: string; err: string }> {
  const written = { out: "", err: "" };
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.out += text;
    return true;
  });
  const err = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written.err += text;
    return true;
  });
  try {
    await useCommand("generate", modalities)
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .parseAsync([place, ...args], { from: "user" });
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
  return written;
}

describe("autodidact generate", () => {
  it("writes prompt and continuation to standard output and its speed to standard error", async () => {
    const { out, err } = await run("--prompt", "The sea", "--seed", "1");
    expect(out.startsWith("The sea")).toBe(true);
    expect(err).toMatch(/^\d+ tokens in .* tokens a second\n$/);
    expect((await run("--prompt", "The sea", "--seed", "1")).out).toBe(out);
  });

  it("prints one JSON object, with the model's own settings where no flag is given", async () => {
    const { out, err } = await run("--prompt", "a", "--prompt", "bc", "--max-tokens", "3", "--json");
    const { results, settings } = JSON.parse(out);
    expect(err).toBe("");
    expect(settings).toMatchObject({ maxTokens: 3, temperature: 0.5, seed: 0 });
    expect(results.map((r: { prompt: string }) => r.prompt)).toEqual(["a", "bc"]);
    for (const { tokens, tokenCount } of results) expect(tokens).toHaveLength(tokenCount);
    const plain = await run("--prompt", "a", "--prompt", "bc", "--max-tokens", "3");
    expect(plain.out).toBe(`a${results[0].text}\n\nbc${results[1].text}\n`);
  });

  it("writes JSON that a schema allows, and says when it was cut", async () => {
    const schema = join(place, "schema.json");
    writeFileSync(schema, '{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"]}');
    const { out, err } = await run("--json-schema", schema, "--max-tokens", "40", "--temperature", "1");
    expect([true, false]).toContain(JSON.parse(out).ok);
    expect(err).not.toContain("cut");
    const cut = await run("--json-schema", schema, "--max-tokens", "2");
    expect(cut.err).toMatch(/1 of 1 cut before the JSON was whole/);
    writeFileSync(schema, "[]");
    await expect(run("--json-schema", schema)).rejects.toThrow(/holds no JSON schema[\s\S]*schema\.json/);
  });

  it.each([
    [["--max-tokens", "many"], CommanderError, /--max-tokens/],
    [["--top-p", "2"], GenerationError, /topP/],
    [["--stop", ""], GenerationError, /stop string/],
    [["--checkpoint", "best"], CheckpointError, /checkpoints\/best/],
  ])("refuses %j", async (args, kind, message) => {
    await expect(run("--prompt", "a", ...args)).rejects.toThrow(kind);
    await expect(run("--prompt", "a", ...args)).rejects.toThrow(message);
  });
});
