import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Frees what this thread no longer needs, at once. What loading leaves behind would otherwise be collected while
 * answers wait: a collection of all that lives stops the thread, the longer the fewer cores are free.
 */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setFlagsFromString("--no-expose-gc");
  collect();
}
