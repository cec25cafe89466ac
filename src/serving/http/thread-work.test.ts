import { execFileSync } from "node:child_process";
import { expect, it, vi } from "vitest";
import { watchWork } from "./thread-work.js";

const watches = process.platform === "linux";

it.runIf(watches)("is watched by one timer, however often it is asked for", () => {
  vi.useFakeTimers();
  try {
    watchWork();
    const timers = vi.getTimerCount();
    for (let i = 0; i < 3; i++) expect(watchWork()!()).toBeGreaterThanOrEqual(0);
    expect(vi.getTimerCount()).toBe(timers);
  } finally {
    vi.useRealTimers();
  }
});

it.runIf(watches)("goes on where the process can open no more files", () => {
  const program = `
    const { watchWork } = await import(${JSON.stringify(new URL("./thread-work.ts", import.meta.url).href)});
    const { openSync } = await import("node:fs");
    const longest = watchWork();
    let failure;
    while (!failure) try { openSync("/dev/null") } catch (error) { failure = error.code }
    // Of two timers of one length the older comes first: the watch has looked by then.
    setTimeout(() => process.stdout.write(failure + " " + (longest() > 0)), 10);
  `;
  const shell = [
    'ulimit -n 64 && exec "$0" --import tsx --input-type=module -e "$1"',
    process.execPath,
    program,
  ];
  const env = { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1" };
  expect(execFileSync("sh", ["-c", ...shell], { encoding: "utf8", env })).toBe("EMFILE true");
});
