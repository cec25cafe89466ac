/** Starts ranks by the MPIs of this machine. */
import { spawn, spawnSync } from "node:child_process";
import { onTestFinished } from "vitest";

export type Mpi = "openmpi" | "mpich";

/** Debian names each program by its MPI, so that both can be there. */
const programOf = (mpi: Mpi) => `mpirun.${mpi}`;

export const hasMpi = (mpi: Mpi): boolean => spawnSync(programOf(mpi), ["--version"]).status === 0;

/** Runs Node with these arguments as so many ranks. */
export function mpirun(
  mpi: Mpi,
  ranks: number,
  args: readonly string[],
): Promise<{ code: number | null; stderr: string }> {
  const flags = mpi === "openmpi" ? ["--oversubscribe", "--bind-to", "none"] : [];
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };
  const child = spawn(programOf(mpi), [...flags, "-n", String(ranks), process.execPath, ...args], { env });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  onTestFinished(() => void child.kill());
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stderr }));
  });
}
