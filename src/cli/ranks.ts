/** The processes that train a run together: how they are started on this machine, and how they find each other. */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { availableParallelism, cpus, hostname, networkInterfaces } from "node:os";
import { createInterface } from "node:readline";
import type { Collective } from "../distributed/collective.js";
import { RankError } from "../distributed/errors.js";
import { isTree, type Place } from "../distributed/moves.js";
import { joinMpi } from "../distributed/mpi.js";
import type { Launcher } from "../distributed/mpi-library.js";
import { joinTcp } from "../distributed/tcp.js";
import { describeMachine } from "./machine.js";
import { onStop } from "./stopping.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Set where this program has started the ranks itself. */
const launched = "AUTODIDACT_LAUNCHED";

interface RankVariables {
  readonly rank: string;
  readonly size: string;
  readonly mpi?: Launcher;
  /** What to do where the size is said and the rank is not. */
  readonly advice?: string;
}

/** Who starts ranks, how it says which a process is, and the MPI that it has. */
const launchers: readonly RankVariables[] = [
  // torchrun, Kubeflow's PyTorchJob, and this program
  { rank: "RANK", size: "WORLD_SIZE" },
  // Kubeflow's TrainJob, a process a pod
  { rank: "PET_NODE_RANK", size: "PET_NNODES" },
  // mpirun of Open MPI
  { rank: "OMPI_COMM_WORLD_RANK", size: "OMPI_COMM_WORLD_SIZE", mpi: "openMpi" },
  // mpirun of MPICH and Intel MPI, srun --mpi=pmi2
  { rank: "PMI_RANK", size: "PMI_SIZE", mpi: "mpich" },
  // srun --mpi=pmix
  {
    rank: "PMIX_RANK",
    size: "SLURM_STEP_NUM_TASKS",
    mpi: "openMpi",
    advice: "start them with srun --mpi=pmix; or unset SLURM_STEP_NUM_TASKS to train in this process alone",
  },
];

/** How long ranks have to end after rank 0. */
const graceMs = 3000;

/** As torchrun has it. */
const usualPort = 29_500;

const waitSeconds = 60;

/** Whether the environment says that this process is one of several. */
export const isRank = (environment: Environment): boolean => placeOf(environment) !== undefined;

/** Undefined for a process by itself. Throws `RankError` for what is no rank. */
function placeOf(environment: Environment): (Place & { mpi?: Launcher }) | undefined {
  const found = launchers.find(({ size }) => environment[size] !== undefined);
  if (found === undefined) return undefined;
  const [rank, size] = [environment[found.rank], environment[found.size]].map(Number);
  if (size === 1) return undefined;
  if (Number.isSafeInteger(size) && size > 0 && Number.isSafeInteger(rank) && rank >= 0 && rank < size) {
    return { rank, size, mpi: found.mpi };
  }
  throw new RankError(
    "the environment does not say which rank this is",
    `${found.rank}=${environment[found.rank] ?? ""}, ${found.size}=${environment[found.size]}`,
    found.advice ?? `set ${found.rank} from 0 to ${found.size} - 1, or neither`,
  );
}

/** Comes together with the other ranks. Throws `RankError` where they do not come, or have other versions. */
export async function joinRanks(environment: Environment): Promise<Collective> {
  const place = placeOf(environment)!;
  const { collective, name } = (await byMpi(place, environment)) ?? (await byTcp(place, environment));
  try {
    if (collective.size !== place.size) throw ofAnotherMpi(place, collective, name);
    const processors = await compare(collective);
    if (collective.rank === 0) tell(collective.size, name, processors);
    return collective;
  } catch (error) {
    await collective.abort((error as Error).message).catch(() => {});
    throw error;
  }
}

/** Gives the kinds of processors. Throws `RankError` where ranks run other versions. */
async function compare(collective: Collective): Promise<Set<string>> {
  const { cpu, versions } = describeMachine();
  const all = await collective.allGather({ cpu, host: hostname(), versions: JSON.stringify(versions) });
  const other = all.findIndex(({ versions }) => versions !== all[0].versions);
  if (other < 0) return new Set(all.map(({ cpu }) => cpu));
  throw new RankError(
    "ranks run different versions",
    `rank 0 on ${all[0].host}: ${all[0].versions}; rank ${other} on ${all[other].host}: ${all[other].versions}`,
    "install the same everywhere",
  );
}

function ofAnotherMpi({ size }: Place, { size: known }: Collective, name: string): RankError {
  return new RankError(
    "this process was started by another MPI than the one that is found here",
    `one of ${size} ranks, of which ${name} knows ${known}`,
    "start it with the mpirun of that MPI",
  );
}

/** By the MPI whose mpirun has started this process; undefined where that is not so, or its library is not found. */
async function byMpi({ size, mpi: launcher }: ReturnType<typeof placeOf> & {}, environment: Environment) {
  if (launcher === undefined) return undefined;
  const host = environment.MASTER_ADDR ?? (localSize(environment) === size ? loopback : ownAddress());
  const joined = await joinMpi({ launcher, host, waitSeconds });
  if (joined === undefined)
    process.stderr.write("the library of this mpirun is not found here: ranks meet by TCP\n");
  return joined;
}

async function byTcp({ rank, size }: Place, environment: Environment) {
  const isOwn = isLaunched(environment);
  const host = environment.MASTER_ADDR ?? environment.PET_MASTER_ADDR ?? loopback;
  const { AUTODIDACT_TOKEN: token = "" } = environment;
  if (token === "" && !isLoopback(host)) throw withoutToken(host);
  const given = environment.MASTER_PORT ?? environment.PET_MASTER_PORT ?? usualPort;
  const port = isOwn && rank === 0 ? 0 : Number(given);
  // Nothing goes on without those who are to be told of it.
  if (isOwn) process.once("disconnect", () => process.kill(process.pid, "SIGTERM")).channel?.unref();
  const meeting = { rank, size, host, port, token, waitSeconds };
  return { collective: await joinTcp(meeting, (port) => tellLauncher(environment, { port })), name: "TCP" };
}

const loopback = "127.0.0.1";

/** At which other machines reach this one, as far as can be told. */
function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find(({ internal, family }) => !internal && family === "IPv4")?.address ?? loopback;
}

const isLoopback = (host: string) => host === "localhost" || host === "::1" || host.startsWith("127.");

function withoutToken(host: string): RankError {
  return new RankError(
    "ranks on several machines need a token, or anybody could take part",
    `rank 0 at ${host}, no AUTODIDACT_TOKEN`,
    "set AUTODIDACT_TOKEN to the same long random text for all of them",
  );
}

/** Says where the bits are not those of one rank, as they are otherwise. */
function tell(size: number, name: string, processors: ReadonlySet<string>): void {
  const why = isTree(size) ? "processors differ" : `${size} is no power of two`;
  const bits =
    isTree(size) && processors.size === 1 ? "" : `; the last bits are not those of one rank: ${why}`;
  process.stderr.write(`${size} ranks by ${name}${bits}\n`);
}

/** Threads of a rank's steps: those that are started here share the cores. */
export function threadsOf(environment: Environment): number | undefined {
  const here = localSize(environment);
  if (!(here > 1)) return undefined;
  // A launcher may have given this rank cores of its own.
  return Math.max(1, Math.min(availableParallelism(), Math.floor(cpus().length / here)));
}

/** How many ranks are on this machine; NaN where nobody says. */
function localSize(environment: Environment): number {
  const said = ["LOCAL_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"].map(
    (name) => environment[name],
  );
  return Number(said.find((value) => value !== undefined));
}

/** How one start of all ranks has ended. */
interface Ended {
  /** Rank 0's. */
  readonly code: number;
  /** The run's folder, once rank 0 has it. */
  readonly run?: string;
  /** A rank was gone, or rank 0 was killed; nobody has asked for it. */
  readonly isLost: boolean;
}

/** What rank 0 says to the process that has started it. */
interface Said {
  readonly port?: number;
  readonly run?: string;
  readonly isLost?: boolean;
}

/** Whether this program has started the ranks, of which this is one, itself. */
export const isLaunched = (environment: Environment): boolean => environment[launched] !== undefined;

/** Tells the process that has started this rank. */
export function tellLauncher(environment: Environment, said: Said): void {
  if (isLaunched(environment)) process.send?.(said);
}

/**
 * Runs this program's command as so many ranks, in processes of their own. When one is gone, all are started again, so many
 * times and from the last checkpoint, with the flags `again`. Resolves with the exit code.
 */
export async function launchRanks(
  size: number,
  args: readonly string[],
  { restarts, again }: { readonly restarts: number; readonly again: readonly string[] },
): Promise<number> {
  let { code, run, isLost } = await startRanks(size, args);
  for (let left = restarts; left > 0 && isLost && run !== undefined; left--) {
    process.stderr.write(
      `starting ${size} ranks again from the last checkpoint; ${left - 1} times left after that\n`,
    );
    ({ code, isLost } = await startRanks(size, ["train", "--resume", run, ...again]));
  }
  return code;
}

/** Resolves when all have ended; what others than rank 0 say is marked. A request to stop goes to rank 0, which tells the others. */
async function startRanks(size: number, args: readonly string[]): Promise<Ended> {
  const common = {
    ...process.env,
    [launched]: "1",
    WORLD_SIZE: String(size),
    LOCAL_WORLD_SIZE: String(size),
    MASTER_ADDR: "127.0.0.1",
    AUTODIDACT_TOKEN: randomBytes(16).toString("hex"),
  };
  const start = (rank: number, more: Environment) =>
    fork(process.argv[1], args, {
      env: { ...common, RANK: String(rank), ...more },
      // In groups of their own: Ctrl-C comes by this process alone.
      detached: true,
      stdio: rank === 0 ? ["inherit", "inherit", "inherit", "ipc"] : ["ignore", "ignore", "pipe", "ipc"],
    });
  const first = start(0, {});
  const ranks = [first];
  const say = (rank: number, line: string) => process.stderr.write(`rank ${rank}: ${line}\n`);
  let run: string | undefined;
  let isLost = false;
  first.on("message", (said: Said) => {
    run ??= said.run;
    isLost ||= said.isLost ?? false;
    if (said.port === undefined) return;
    for (let rank = 1; rank < size; rank++) {
      const other = start(rank, { MASTER_PORT: String(said.port) });
      createInterface(other.stderr!).on("line", (line) => say(rank, line));
      ranks.push(other);
    }
  });
  let wasStopped = false;
  const unlisten = onStop(() => {
    wasStopped = true;
    first.kill("SIGINT");
  });
  const [code] = (await once(first, "exit")) as [number | null];
  // Those that have stopped or hang do not notice.
  const late = setTimeout(() => ranks.map((rank) => rank.kill("SIGKILL")), graceMs);
  await Promise.all(ranks.map(async (rank) => rank.exitCode ?? rank.signalCode ?? once(rank, "exit")));
  clearTimeout(late);
  unlisten();
  for (const [rank, { signalCode }] of ranks.entries()) if (signalCode) say(rank, `ended by ${signalCode}`);
  return { code: code ?? 1, run, isLost: (isLost || code === null) && !wasStopped };
}
