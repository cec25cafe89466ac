/** How long the event loop's own work keeps it from others, apart from the time in which it waits for a core. */
import { readFileSync } from "node:fs";

/** Where Linux says how long this thread ran, in nanoseconds: the first number. [Linux, Documentation/scheduler/sched-stats.rst] */
const path = "/proc/thread-self/schedstat";
const intervalMs = 10;

/**
 * Watches the longest stretch of the thread's own work between two looks, one every 10 ms; a look that comes late had
 * other work before it. Gives what reads the longest since it was read last, in seconds; undefined where the system
 * does not tell.
 */
export function watchWork(): (() => number) | undefined {
  let before: number;
  try {
    before = ranFor();
  } catch {
    return undefined;
  }
  let longest = 0;
  const look = () => {
    const now = ranFor();
    longest = Math.max(longest, now - before);
    before = now;
  };
  setInterval(look, intervalMs).unref();
  return () => {
    look();
    const seconds = longest;
    longest = 0;
    return seconds;
  };
}

function ranFor(): number {
  return Number(readFileSync(path, "utf8").split(" ")[0]) / 1e9;
}
