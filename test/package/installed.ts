/** Packs the checkout once, unless AUTODIDACT_TARBALL names a package, and installs it in an empty project. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { emptyProject, root } from "./project.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** The package. */
    tarball: string;
    /** A project in which npm has installed it. */
    project: string;
  }
}

export default function setup({ provide }: TestProject): () => void {
  const place = realpathSync(mkdtempSync(join(tmpdir(), "autodidact-package-")));
  const tarball = process.env.AUTODIDACT_TARBALL ?? pack(join(place, "packed"));
  const project = emptyProject(join(place, "project"));
  execFileSync("npm", ["install", "--no-audit", "--no-fund", tarball], { cwd: project, stdio: "inherit" });
  provide("tarball", tarball);
  provide("project", project);
  return () => rmSync(place, { recursive: true });
}

function pack(folder: string): string {
  mkdirSync(folder);
  execFileSync(join(root, ".ci/pack"), [folder], { stdio: "inherit" });
  return join(folder, readdirSync(folder)[0]);
}
