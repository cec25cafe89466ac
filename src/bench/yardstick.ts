/** The PyTorch that the yardstick runs on. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Where Debian's PyTorch lives. */
export const defaultPython = "/usr/bin/python3";

/** How to get a PyTorch with a real BLAS. */
export const installTorch = "apt-get install -y python3-torch libopenblas0-pthread";

/** Below this rate of its matrix product PyTorch runs on the reference BLAS, which no one trains with. */
export const leastYardstickGflops = 30;

export type Torch = { readonly version: string } | { readonly missing: string };

/** The version of PyTorch that this Python imports, or why it does not. */
export async function findTorch(python: string): Promise<Torch> {
  try {
    const source = "import torch; print(torch.__version__)";
    const { stdout } = await promisify(execFile)(python, ["-c", source], { timeout: 60_000 });
    return { version: stdout.trim() };
  } catch (error) {
    const { message, stderr } = error as Error & { stderr?: string };
    const reason = stderr?.trim().split("\n").at(-1) || message.split("\n")[0];
    return { missing: reason };
  }
}
