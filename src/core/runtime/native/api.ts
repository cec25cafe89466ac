/**
 * ONNX Runtime's C API, called through koffi in the library that onnxruntime-node brings. Its functions lie in a table that
 * only ever grows at its end, so that their places hold for every later version
 * (onnxruntime/core/session/onnxruntime_c_api.h, struct OrtApi).
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { RuntimeError } from "../host-tensor.js";
import { canCallApart, koffi } from "./koffi.js";

/** An address in this process: of memory, or of what the library has made. */
export type Address = bigint;

/** The version whose table has all that is called here (1.23). */
const apiVersion = 23;

const [pointer, text, int, size] = ["void *", "const char *", "int", "size_t"];
/** Paths are of 16 bits a character on Windows. */
const path = process.platform === "win32" ? "const char16_t *" : text;

/** Functions that give a status, by their places in the table. */
const functions = {
  CreateEnv: [3, int, text, pointer],
  CreateSessionFromArray: [8, pointer, pointer, size, pointer, pointer],
  Run: [9, pointer, pointer, pointer, pointer, size, pointer, size, pointer],
  CreateSessionOptions: [10, pointer],
  EnableProfiling: [14, pointer, path],
  DisableMemPattern: [17, pointer],
  SetSessionLogSeverityLevel: [22, pointer, int],
  SetSessionGraphOptimizationLevel: [23, pointer, int],
  SetIntraOpNumThreads: [24, pointer, int],
  SetInterOpNumThreads: [25, pointer, int],
  CreateTensorAsOrtValue: [48, pointer, pointer, size, int, pointer],
  CreateTensorWithDataAsOrtValue: [49, pointer, pointer, size, pointer, size, int, pointer],
  GetTensorMutableData: [51, pointer, pointer],
  GetTensorElementType: [60, pointer, pointer],
  GetDimensionsCount: [61, pointer, pointer],
  GetDimensions: [62, pointer, pointer, size],
  GetTensorTypeAndShape: [65, pointer, pointer],
  CreateMemoryInfo: [68, text, int, int, int, pointer],
  AllocatorFree: [76, pointer, pointer],
  GetAllocatorWithDefaultOptions: [78, pointer],
  SessionEndProfiling: [110, pointer, pointer, pointer],
  GetAvailableProviders: [125, pointer, pointer],
  ReleaseAvailableProviders: [126, pointer, int],
  AddSessionConfigEntry: [130, pointer, text, text],
  CreateAllocator: [131, pointer, pointer, pointer],
  CreateAndRegisterAllocator: [144, pointer, pointer, pointer],
  CreateCUDAProviderOptions: [205, pointer],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, pointer, pointer],
  SessionOptionsAppendExecutionProvider: [216, pointer, text, pointer, pointer, size],
  AddExternalInitializersFromFilesInMemory: [279, pointer, pointer, pointer, pointer, size],
} as const satisfies Record<string, readonly [number, ...string[]]>;

/** Functions that free what they are given. */
const releases = {
  Status: 93,
  Session: 95,
  Value: 96,
  TensorTypeAndShapeInfo: 99,
  SessionOptions: 100,
  CUDAProviderOptions: 208,
} as const;

const getErrorMessage = 2;
const mostFunctions = 300;

type Function = keyof typeof functions;
type Foreign = ReturnType<Library["func"]>;

/** The table, bound. Calls throw the library's own words as an `Error`. */
export interface OrtApi {
  /** The library's version, such as "1.30.0". */
  readonly version: string;
  call(name: Function, ...args: unknown[]): void;
  /** `call` on a thread of its own, as soon as one is free; what it is given must stay until it is done. */
  callApart(name: Function, ...args: unknown[]): Promise<void>;
  /** `call` whose last argument is the place of what it makes: gives that. */
  make(name: Function, ...args: unknown[]): Address;
  release(kind: keyof typeof releases, made: Address): void;
  /** The text at an address that the library has given. */
  textAt(address: Address): string;
}

type Library = ReturnType<typeof koffi.load>;

/** The library is unloaded under its functions when nobody has it any more. */
let opened: { readonly library: Library; readonly api: OrtApi } | undefined;

/** The library, opened at the first call. Throws `RuntimeError` where it is not there. */
export function ortApi(): OrtApi {
  if (!opened) {
    const library = open();
    opened = { library, api: bind(library) };
  }
  return opened.api;
}

function open(): Library {
  const home = dirname(createRequire(import.meta.url).resolve("#onnxruntime-node/package.json"));
  const { platform, arch } = process;
  const folder = join(home, "bin/napi-v6", platform, arch);
  const name =
    platform === "win32"
      ? "onnxruntime.dll"
      : platform === "darwin"
        ? "libonnxruntime.1.dylib"
        : "libonnxruntime.so.1";
  try {
    return koffi.load(join(folder, name));
  } catch (cause) {
    throw new RuntimeError(
      "ONNX Runtime's library cannot be opened",
      `${join(folder, name)}: ${(cause as Error).message}`,
      "install the packages again for this system: npm ci",
      { cause },
    );
  }
}

/** Of libuv's four threads one stays for files. */
const mostApart = 3;
let apart = 0;
const waiting: (() => void)[] = [];

/** Waits until another call may go to a thread of its own; gives what ends it. */
async function enter(): Promise<() => void> {
  if (apart < mostApart) apart++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  return () => {
    const next = waiting.shift();
    if (next) next();
    else apart--;
  };
}

function bind(library: Library): OrtApi {
  const base: Address = library.func("OrtGetApiBase", pointer, [])();
  const [getApi, getVersion]: Address[] = koffi.decode(base, koffi.array(pointer, 2));
  const foreign = (at: Address, result: string, args: readonly string[]): Foreign =>
    koffi.decode(at, koffi.proto(result, [...args]));
  const api: Address = koffi.call(getApi, koffi.proto(pointer, ["uint32_t"]), apiVersion);
  const table: Address[] = koffi.decode(api, koffi.array(pointer, mostFunctions));
  const message = foreign(table[getErrorMessage], text, [pointer]);
  const free = Object.fromEntries(
    Object.entries(releases).map(([kind, place]) => [kind, foreign(table[place], "void", [pointer])]),
  );
  const all = Object.fromEntries(
    Object.entries(functions).map(([name, [place, ...args]]) => [name, foreign(table[place], pointer, args)]),
  );
  const check = (status: Address | null) => {
    if (!status) return;
    const words: string = message(status);
    free.Status(status);
    throw new Error(words);
  };
  const call: OrtApi["call"] = (name, ...args) => check(all[name](...args));
  return {
    version: koffi.call(getVersion, koffi.proto(text, [])),
    call,
    async callApart(name, ...args) {
      if (!canCallApart) return call(name, ...args);
      const leave = await enter();
      const status = await new Promise<Address | null>((resolve, reject) => {
        all[name].async(...args, (error: Error | null, status: Address | null) =>
          error ? reject(error) : resolve(status),
        );
      }).finally(leave);
      check(status);
    },
    make(name, ...args) {
      const made = new BigUint64Array(1);
      call(name, ...args, made);
      return made[0];
    },
    release: (kind, made) => free[kind](made),
    textAt: (address) => koffi.decode(address, "char", -1),
  };
}
