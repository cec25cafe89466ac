/** Runs commands of the command line inside a test. */
import type { Command } from "commander";
import { vi } from "vitest";

/** What a command prints on standard output; standard error is swallowed. */
export async function printed(command: Command, args: string[]): Promise<string> {
  const written: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await command.parseAsync(args, { from: "user" });
  vi.restoreAllMocks();
  return written.join("");
}
