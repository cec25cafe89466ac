/** The processes that train a run together: how they are started on this machine, and how they find each other. */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { availableParallelism, hostname } from "node:os";
import { createInterface } from "node:readline";
import type { Collective } from "../distributed/collective.js";
import { RankError } from "../distributed/errors.js";
import { joinTcp } from "../distributed/tcp.js";
import { describeMachine } from "./machine.js";
import { onStop } from "./stopping.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Set where this program has started the ranks itself. */
const launched = "AUTODIDACT_LAUNCHED";

/** As torchrun and Kubeflow say who a process is, and as Open MPI and MPICH do. */
const names = [
  ["RANK", "WORLD_SIZE"],
  ["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"],
  ["PMI_RANK", "PMI_SIZE"],
] as const;

/** How long ranks have to end after rank 0. */
const graceMs = 3000;

/** As torchrun has it. */
const usualPort = 29_500;

/** Whether the environment says that this process is one of several. */
export const isRank = (environment: Environment): boolean => placeOf(environment) !== undefined;

/** Rank and size; undefined for a process by itself. Throws `RankError` for what is no rank. */
function placeOf(environment: Environment): { rank: number; size: number } | undefined {
  const [rankName, sizeName] = names.find(([, name]) => environment[name] !== undefined) ?? [];
  if (rankName === undefined) return undefined;
  const [rank, size] = [environment[rankName], environment[sizeName!]].map(Number);
  if (Number.isSafeInteger(size) && size > 0 && Number.isSafeInteger(rank) && rank >= 0 && rank < size) {
    return size > 1 ? { rank, size } : undefined;
  }
  throw new RankError(
    "the environment does not say which rank this is",
    `${rankName}=${environment[rankName] ?? ""}, ${sizeName}=${environment[sizeName!]}`,
    `set ${rankName} from 0 to ${sizeName} - 1, or neither`,
  );
}

/** Comes together with the other ranks. Throws `RankError` where they do not come, or have other versions. */
export async function joinRanks(environment: Environment): Promise<Collective> {
  const { rank, size } = placeOf(environment)!;
  const isOwn = environment[launched] !== undefined;
  const { MASTER_ADDR: host = "127.0.0.1", AUTODIDACT_TOKEN: token = "" } = environment;
  if (token === "" && !isLoopback(host)) throw withoutToken(host);
  const meeting = {
    rank,
    size,
    host,
    port: isOwn && rank === 0 ? 0 : Number(environment.MASTER_PORT ?? usualPort),
    token,
    waitSeconds: 60,
  };
  // Nothing goes on without those who are to be told of it.
  if (isOwn) process.once("disconnect", () => process.kill(process.pid, "SIGTERM")).channel?.unref();
  const collective = await joinTcp(meeting, (port) => process.send?.({ port }));
  const { cpu, versions } = describeMachine();
  const own = { cpu, host: hostname(), versions: JSON.stringify(versions) };
  const all = await collective.allGather(own);
  const other = all.findIndex(({ versions }) => versions !== all[0].versions);
  if (other > 0) {
    throw new RankError(
      "ranks run different versions",
      `rank 0 on ${all[0].host}: ${all[0].versions}; rank ${other} on ${all[other].host}: ${all[other].versions}`,
      "install the same everywhere",
    );
  }
  if (rank === 0) tell(size, new Set(all.map(({ cpu }) => cpu)));
  return collective;
}

const isLoopback = (host: string) => host === "localhost" || host === "::1" || host.startsWith("127.");

function withoutToken(host: string): RankError {
  return new RankError(
    "ranks on several machines need a token, or anybody could take part",
    `MASTER_ADDR=${host}, no AUTODIDACT_TOKEN`,
    "set AUTODIDACT_TOKEN to the same long random text for all of them",
  );
}

/** How far the same bits go. */
function tell(size: number, processors: ReadonlySet<string>): void {
  const isPower = (size & (size - 1)) === 0;
  const why = isPower ? "processors differ" : `${size} is no power of two`;
  const bits =
    isPower && processors.size === 1
      ? "the same bits as by one"
      : `the last bits are not those of one rank: ${why}`;
  process.stderr.write(`${size} ranks; ${bits}\n`);
}

/** Threads of a rank's steps: those that are started here share the cores. */
export function threadsOf(environment: Environment): number | undefined {
  const here = Number(environment.LOCAL_WORLD_SIZE ?? environment.OMPI_COMM_WORLD_LOCAL_SIZE);
  return here > 1 ? Math.max(1, Math.floor(availableParallelism() / here)) : undefined;
}

/**
 * Runs this program's command as so many ranks, in processes of their own; what others than rank 0 say is marked. Resolves
 * with rank 0's exit code when all have ended. A request to stop goes to rank 0, which tells the others.
 */
export async function launchRanks(size: number, args: readonly string[]): Promise<number> {
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
  first.once("message", ({ port }: { port: number }) => {
    for (let rank = 1; rank < size; rank++) {
      const other = start(rank, { MASTER_PORT: String(port) });
      createInterface(other.stderr!).on("line", (line) => say(rank, line));
      ranks.push(other);
    }
  });
  const unlisten = onStop(() => first.kill("SIGINT"));
  const [code] = (await once(first, "exit")) as [number | null];
  // Those that have stopped or hang do not notice.
  const late = setTimeout(() => ranks.map((rank) => rank.kill("SIGKILL")), graceMs);
  await Promise.all(ranks.map(async (rank) => rank.exitCode ?? rank.signalCode ?? once(rank, "exit")));
  clearTimeout(late);
  unlisten();
  for (const [rank, { signalCode }] of ranks.entries()) if (signalCode) say(rank, `ended by ${signalCode}`);
  return code ?? 1;
}
