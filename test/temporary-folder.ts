import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A folder in the system's place for such, gone when the file's tests are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "autodidact-test-"));
  // Installed packages are tens of thousands of files, which a busy disk takes minutes to remove.
  afterAll(() => rmSync(folder, { recursive: true, force: true }), 300_000);
  return folder;
}
