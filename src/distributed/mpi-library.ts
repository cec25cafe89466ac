/**
 * The system's MPI, through koffi: Open MPI, or one with MPICH's ABI (MPICH, Intel MPI, MVAPICH). Constants of the first are
 * symbols of the library, those of the other the numbers of its mpi.h (https://www.mpich.org/abi/).
 */

import { koffi } from "../core/runtime/native/koffi.js";
import { RankError } from "./errors.js";

/** An address in this process. */
export type Address = bigint;

/** MPI as far as it is needed here: the world, floats and bytes. Counts are elements. Throws `RankError` for what fails. */
export interface MpiLibrary {
  /** As the library has it, such as "Open MPI 4.1.4". */
  readonly name: string;
  /** Joins the others; gives rank and size. */
  initialise(): { rank: number; size: number };
  /** Gives all what rank 0 has in `bytes`, as long on each. */
  broadcast(bytes: Uint8Array): void;
  send(to: number, at: Address, count: number): void;
  receive(from: number, at: Address, count: number): void;
  /** Both at once, of like or unlike counts. */
  exchange(to: number, out: Address, outCount: number, from: number, into: Address, intoCount: number): void;
  /** Adds `count` floats to those at `sum`. */
  add(sum: Address, numbers: Address, count: number): void;
  finalise(): void;
}

/** MPI_THREAD_FUNNELED: the process has other threads, and one of them makes all calls. */
const threadFunneled = 1;
const tag = 0;
const namesLength = 2 ** 13;

/**
 * Names of the libraries; and RTLD_NOW, RTLD_GLOBAL and RTLD_NODELETE for dlopen: Open MPI's parts look for its symbols, and
 * its threads end after it is closed.
 */
const places = {
  linux: {
    flags: 0x2 | 0x100 | 0x1000,
    openMpi: ["libmpi.so.40", "libmpi.so.80", "libmpi.so"],
    mpich: ["libmpich.so.12", "libmpi.so.12", "libmpi.so"],
  },
  darwin: {
    flags: 0x2 | 0x8 | 0x80,
    openMpi: ["libmpi.40.dylib", "/opt/homebrew/lib/libmpi.40.dylib", "libmpi.dylib"],
    mpich: ["libmpi.12.dylib", "/opt/homebrew/opt/mpich/lib/libmpi.12.dylib", "libmpi.dylib"],
  },
};

export type Launcher = "openMpi" | "mpich";

/** Opens the library of who has started this process; undefined where there is none. */
export function openMpi(launcher: Launcher): MpiLibrary | undefined {
  const { platform } = process;
  if (platform !== "linux" && platform !== "darwin") return undefined;
  for (const name of places[platform][launcher]) {
    const library = opened(name, places[platform].flags);
    if (library) return bind(library);
  }
  return undefined;
}

/** Ends this process whatever its threads do. mpirun, told nothing by MPI, then ends the others. */
export function exitNow(code: number): void {
  koffi.load(null).func("void _exit(int code)")(code);
}

type Library = ReturnType<typeof koffi.load>;

/**
 * MPI would rewrite the code of functions such as munmap, to be told of them, while it begins: under the feet of the other
 * threads that every Node has. One start in twenty crashed.
 */
const quiet = { UCX_MEM_EVENTS: "no", OMPI_MCA_memory: "^patcher" };

function opened(name: string, flags: number): Library | undefined {
  try {
    for (const [name, value] of Object.entries(quiet)) process.env[name] ??= value;
    koffi.load(null).func("void *dlopen(const char *name, int flags)")(name, flags);
    return koffi.load(name);
  } catch {
    return undefined; // it is not installed, or not by this name
  }
}

function bind(library: Library): MpiLibrary {
  const { handle, world, float, byte, sum, ignore, returnErrors } = constantsOf(library);
  const func = (name: string, args: readonly string[]) => library.func(name, "int", [...args]);
  const bound = {
    MPI_Init_thread: func("MPI_Init_thread", ["void *", "void *", "int", "void *"]),
    MPI_Comm_set_errhandler: func("MPI_Comm_set_errhandler", [handle, handle]),
    MPI_Comm_rank: func("MPI_Comm_rank", [handle, "void *"]),
    MPI_Comm_size: func("MPI_Comm_size", [handle, "void *"]),
    MPI_Bcast: func("MPI_Bcast", ["void *", "int", handle, "int", handle]),
    MPI_Send: func("MPI_Send", ["void *", "int", handle, "int", "int", handle]),
    MPI_Recv: func("MPI_Recv", ["void *", "int", handle, "int", "int", handle, "void *"]),
    MPI_Sendrecv: func("MPI_Sendrecv", [
      ...["void *", "int", handle, "int", "int"],
      ...["void *", "int", handle, "int", "int"],
      ...[handle, "void *"],
    ]),
    MPI_Reduce_local: func("MPI_Reduce_local", ["void *", "void *", "int", handle, handle]),
    MPI_Finalize: func("MPI_Finalize", []),
    MPI_Get_library_version: func("MPI_Get_library_version", ["void *", "void *"]),
  };
  const call = (name: keyof typeof bound, ...args: unknown[]) => {
    const code: number = bound[name](...args);
    if (code !== 0) throw failed(name, code);
  };
  const numberOf = (name: "MPI_Comm_rank" | "MPI_Comm_size") => {
    const number = new Int32Array(1);
    call(name, world, number);
    return number[0];
  };
  return {
    name: nameOf(bound.MPI_Get_library_version),
    initialise() {
      const provided = new Int32Array(1);
      call("MPI_Init_thread", null, null, threadFunneled, provided);
      if (provided[0] < threadFunneled) throw withoutThreads(provided[0]);
      call("MPI_Comm_set_errhandler", world, returnErrors);
      return { rank: numberOf("MPI_Comm_rank"), size: numberOf("MPI_Comm_size") };
    },
    broadcast: (bytes) => call("MPI_Bcast", bytes, bytes.length, byte, 0, world),
    send: (to, at, count) => call("MPI_Send", at, count, float, to, tag, world),
    receive: (from, at, count) => call("MPI_Recv", at, count, float, from, tag, world, ignore),
    exchange: (to, out, outCount, from, into, intoCount) =>
      call("MPI_Sendrecv", out, outCount, float, to, tag, into, intoCount, float, from, tag, world, ignore),
    add: (total, numbers, count) => call("MPI_Reduce_local", numbers, total, count, float, sum),
    finalise: () => call("MPI_Finalize"),
  };
}

/** Handles are addresses in Open MPI, and whole numbers in MPICH's ABI. */
function constantsOf(library: Library) {
  const symbol = (name: string): Address => library.symbol(name);
  try {
    return {
      handle: "void *",
      world: symbol("ompi_mpi_comm_world"),
      float: symbol("ompi_mpi_float"),
      byte: symbol("ompi_mpi_byte"),
      sum: symbol("ompi_mpi_op_sum"),
      returnErrors: symbol("ompi_mpi_errors_return"),
      ignore: null,
    };
  } catch {
    return {
      handle: "int",
      world: 0x44000000,
      float: 0x4c00040a,
      byte: 0x4c00010d,
      sum: 0x58000003,
      returnErrors: 0x54000001,
      ignore: 1n,
    };
  }
}

/** Its first words: "Open MPI v4.1.4, package: ..." or "MPICH Version: 4.0.2 ...". */
function nameOf(version: (text: Uint8Array, length: Int32Array) => number): string {
  const text = Buffer.alloc(namesLength);
  version(text, new Int32Array(1));
  const said = text.subarray(0, text.indexOf(0)).toString();
  return said
    .split(/[,\n]/)[0]
    .replace(/ Version:\s*/, " ")
    .replace(" v", " ")
    .trim();
}

function failed(name: string, code: number): RankError {
  return new RankError(
    "MPI cannot go on",
    `${name} gave ${code}`,
    "look at what mpirun says, and at the other ranks; start all again, with --resume where there is a checkpoint",
  );
}

function withoutThreads(level: number): RankError {
  return new RankError(
    "this MPI is not made for programs with threads",
    `MPI_Init_thread gives level ${level} instead of ${threadFunneled}, MPI_THREAD_FUNNELED`,
    "install one that is, such as Debian's openmpi-bin",
  );
}
