/** How far a phase of unknown length is: a line on a terminal that repaints itself, and goes when the phase ends. */

const everyMs = 200;
let painted = 0;

/** Without a terminal nothing is shown. */
export function onProgress(phase: string, done: number, total?: number): void {
  if (!process.stderr.isTTY || performance.now() - painted < everyMs) return;
  painted = performance.now();
  process.stderr.write(`\r\x1b[K${done}${total === undefined ? "" : ` of ${total}`} ${phase}`);
}

/** Takes the line away. */
export function endProgress(): void {
  if (painted > 0 && process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  painted = 0;
}
