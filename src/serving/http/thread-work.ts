/** How long the event loop's own work keeps it from others, apart from the time in which it waits for a core. */
import { openSync, readSync } from "node:fs";

/** Where Linux says how long this thread ran, in nanoseconds: the first number. [Linux, Documentation/scheduler/sched-stats.rst] */
const path = "/proc/thread-self/schedstat";
const intervalMs = 10;

/** One for the thread, however many servers read it. */
let shared: (() => number) | undefined;

/**
 * Watches the longest stretch of the thread's own work between two looks, one every 10 ms; a look that comes late had
 * other work before it. Gives what reads the longest since anyone read it last, in seconds; undefined where the system
 * does not tell.
 */
export function watchWork(): (() => number) | undefined {
  try {
    shared ??= startWatch();
  } catch {
    return undefined;
  }
  return shared;
}

/** Opens its file once: a timer that opened it would fail, and end the process, where connections use up all files. */
function startWatch(): () => number {
  const file = openSync(path, "r");
  const bytes = Buffer.alloc(64);
  const ranFor = () =>
    Number(bytes.toString("latin1", 0, readSync(file, bytes, 0, 64, 0)).split(" ")[0]) / 1e9;
  let before = ranFor();
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
