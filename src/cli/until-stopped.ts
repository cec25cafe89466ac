import { onStop } from "./stopping.js";
import { endProgress } from "./terminal/phase.js";

/** What a shell reports for a program that Ctrl-C ended. */
export const interruptedExitCode = 130;

/** Works until it is done, or stopped by a signal; `work` says when there are steps to finish and to save. */
export async function untilStopped(
  work: (signal: AbortSignal, beginsTraining: () => void) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  let doing = "stopping";
  const unlisten = onStop(() => {
    process.stderr.write(`\n${doing}; Ctrl-C again to quit at once\n`);
    stop.abort();
  });
  try {
    await work(stop.signal, () => {
      doing = "finishing the step and saving";
    });
  } catch (error) {
    if (!stop.signal.aborted || error !== stop.signal.reason) throw error;
    process.exitCode = interruptedExitCode;
  } finally {
    endProgress();
    unlisten();
  }
}
