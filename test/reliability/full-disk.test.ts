/** A disk that is really full; only where the tests may mount one. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { openFolder } from "../../src/files/disk.js";
import { FolderError } from "../../src/files/errors.js";
import { resolveRecipe } from "../../src/modalities/find.js";
import { resumeRun, startRun } from "../../src/modalities/run.js";
import type { TextRecipe } from "../../src/modalities/text/recipe.js";
import { temporaryFolder, writeTinyRecipe } from "../cli/command-line.js";

const place = temporaryFolder();
const disk = join(place, "disk");
const around = { runtime: nodeRuntime, openFolder };

function mount(...options: string[]): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options.join(), "tmpfs", disk], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

mkdirSync(disk);
const isMounted = process.platform === "linux" && process.getuid?.() === 0 && mount("size=400k");
afterAll(() => {
  if (isMounted) execFileSync("umount", [disk]);
});

it.skipIf(!isMounted)(
  "stops the run with its last checkpoint whole; with space it goes on to the same bits",
  async () => {
    const path = writeTinyRecipe(place, { steps: 30, checkpointEvery: 2, keepCheckpoints: 50 });
    const recipe = resolveRecipe<TextRecipe>(JSON.parse(readFileSync(path, "utf8")), path);
    const weights = (folder: string) =>
      readFileSync(join(folder, "checkpoints/step-000030/model.safetensors"));
    const whole = join(place, "whole");
    await (await startRun(recipe, openFolder(whole), around)).train();

    const run = await startRun(recipe, openFolder(join(disk, "run")), around);
    const error = await run.train().catch((e) => e);
    expect(error).toBeInstanceOf(FolderError);
    expect(error.message).toMatch(/disk is full\n {2}found: ENOSPC[\s\S]*to do: free some space/);
    await expect(resumeRun(openFolder(join(disk, "run")), around).then((r) => r.train())).rejects.toThrow(
      FolderError,
    );

    mount("remount", "size=20m");
    const resumed = await resumeRun(openFolder(join(disk, "run")), around);
    expect(await resumed.train()).toMatchObject({ reason: "steps", steps: 30 });
    expect(weights(join(disk, "run")).equals(weights(whole))).toBe(true);
  },
);
