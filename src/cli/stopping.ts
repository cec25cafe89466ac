/** What asks a command to end: signals, a terminal that closes, npm that goes away. */

const insistent = ["SIGINT", "SIGTERM"] as const;

/** As early as can be told: npm may go away while a run is prepared. */
const parent = process.ppid;

/** How often to look whether npm is still there. */
const lookEveryMs = 500;

/**
 * Calls `stop` once when the process is asked to end: by Ctrl-C, a request to terminate, the closing of its
 * terminal, or the end of the npm that started it. A second Ctrl-C or request finds no handler and ends the
 * process at once. Gives what stops listening.
 */
export function onStop(stop: () => void): () => void {
  let isStopping = false;
  // npm and npx start programs through a shell and hand TERM to that shell alone: the program becomes an orphan.
  const isOfNpm = process.env.npm_lifecycle_event !== undefined;
  const watch = setInterval(() => isOfNpm && process.ppid !== parent && end(), lookEveryMs).unref();
  const end = () => {
    clearInterval(watch);
    for (const signal of insistent) process.removeListener(signal, end);
    if (!isStopping) stop();
    isStopping = true;
  };
  // The kernel and the shell may both say that the terminal is closed: neither insists.
  const onHangUp = () => {
    if (!isStopping) outliveTerminal();
    end();
  };
  for (const signal of insistent) process.on(signal, end);
  process.on("SIGHUP", onHangUp);
  return () => {
    clearInterval(watch);
    for (const signal of insistent) process.removeListener(signal, end);
    process.removeListener("SIGHUP", onHangUp);
  };
}

/** Nothing can be printed any more, and Node, which resets the terminal at its end, would abort: HUP ends it. */
function outliveTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  process.once("exit", () => {
    process.removeAllListeners("SIGHUP");
    process.kill(process.pid, "SIGHUP");
  });
}
