/** Graphs loaded and run by ONNX Runtime's C API. */
import { availableParallelism } from "node:os";
import { isMainThread } from "node:worker_threads";
import { type HostTensor, RuntimeError } from "../host-tensor.js";
import type { Device, RunTensors, Session, SessionOptions } from "../session.js";
import { type Address, ortApi } from "./api.js";
import { hasRoomForShaders, koffi } from "./koffi.js";
import { inTurn } from "./turns.js";
import { isNative, memoryNamed, readValue, valueOver } from "./values.js";

/** ORT_LOGGING_LEVEL_FATAL: every error comes as an exception, the log would only say it twice. */
const fatal = 4;
/** GraphOptimizationLevel ORT_ENABLE_ALL */
const optimiseAll = 99;

/** The names of providers: in the list of those that are built in, and for the function that adds one. */
const providers = {
  cpu: { built: "CPUExecutionProvider" },
  webgpu: { built: "WebGpuExecutionProvider", added: "WebGPU" },
  cuda: { built: "CUDAExecutionProvider" },
  coreml: { built: "CoreMLExecutionProvider", added: "CoreML" },
  dml: { built: "DmlExecutionProvider", added: "DML" },
} as const satisfies Record<Device, { built: string; added?: string }>;

let made: Address | undefined;

/** The process's own. What its sessions compute lies in one arena: batches of several lengths take no memory each. */
function environment(): Address {
  if (made !== undefined) return made;
  const api = ortApi();
  const address = api.make("CreateEnv", fatal, "autodidact");
  try {
    api.call("CreateAndRegisterAllocator", address, memoryNamed("Cpu", "arena"), null);
  } catch (error) {
    // Another thread of this process was first: there is one environment a process.
    if (!/already been registered/.test((error as Error).message)) throw error;
  }
  made = address;
  return made;
}

/** What the library was built with. Files for CUDA are installed apart; loading a graph tells. */
export function builtDevices(): Device[] {
  const api = ortApi();
  const [list, count] = [new BigUint64Array(1), new Int32Array(1)];
  api.call("GetAvailableProviders", list, count);
  const names = new BigUint64Array(koffi.view(list[0], 8 * count[0]));
  const built = Array.from(names, (name) => api.textAt(name));
  api.call("ReleaseAvailableProviders", list[0], count[0]);
  const known = Object.entries(providers) as [Device, { built: string }][];
  return known.filter(([, { built: name }]) => built.includes(name)).map(([device]) => device);
}

/** Names as the library reads them: an array of addresses, with the bytes that those point to. */
interface Names {
  readonly addresses: BigUint64Array;
  readonly bytes: readonly Uint8Array[];
}

const encoder = new TextEncoder();

function namesOf(
  names: readonly string[],
  encode = (text: string): Uint8Array => encoder.encode(text),
): Names {
  const bytes = names.map((name) => encode(`${name}\0`));
  return { bytes, addresses: BigUint64Array.from(bytes, (each) => koffi.address(each)) };
}

/** As the library has paths, which `values` are named by. */
const encodePath = (path: string): Uint8Array =>
  process.platform === "win32" ? Buffer.from(path, "utf16le") : encoder.encode(path);

/** Runs shorter than this are done at once: another thread would cost more than the event loop waits. */
const shortMs = 4;
/** Shapes of what runs are fed whose times are remembered. */
const mostTimes = 1000;

/** What is read and written on other threads, so that nothing of it is collected. */
const underWay = new Set<object>();

async function holding<T>(what: object, work: () => Promise<T>): Promise<T> {
  underWay.add(what);
  try {
    return await work();
  } finally {
    underWay.delete(what);
  }
}

/** What a session is to the library, shared by all that use it. */
interface Handle {
  readonly address: Address;
  readonly device: Device;
  /** Runs that have begun and not ended. */
  readonly running: Set<Promise<unknown>>;
  isReleased: boolean;
}

/** Sessions of this thread that have not been released, by their addresses, with their runs. */
const open = new Map<Address, Handle["running"]>();
const forgotten = new FinalizationRegistry<Pick<Handle, "address" | "device">>(({ address, device }) =>
  inTurn(device, () => free(address)),
);

function free(address: Address): void {
  open.delete(address);
  ortApi().release("Session", address);
}

// A thread that ends leaves the process what it has not given back.
if (!isMainThread) {
  process.on("exit", () => {
    for (const [address, running] of open) if (running.size === 0) free(address);
  });
}

/** A session of the library. */
export interface NativeSession extends Session {
  readonly address: Address;
}

/**
 * A session that gives its memory back when it is released, or when nobody has it any more. Throws `RuntimeError` for a
 * device or a model that is refused.
 */
export async function loadNative(
  model: Uint8Array,
  outputs: readonly string[],
  options: SessionOptions = {},
  values: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<NativeSession> {
  return sessionOver(await create(model, options, values), outputs, options);
}

/** Nothing of the model may be held here: it would stay as long as the session. */
function sessionOver(
  address: Address,
  outputs: readonly string[],
  { device = "cpu", profile }: SessionOptions,
): NativeSession {
  const handle: Handle = { address, device, running: new Set(), isReleased: false };
  open.set(address, handle.running);
  forgotten.register(handle, { address, device }, handle);
  const outputNames = namesOf(outputs);
  const times = new Map<number, number>();
  let inputNames: { readonly key: string; readonly names: Names } | undefined;

  const compute: Session["run"] = async (feeds, into = {}) => {
    if (handle.isReleased) throw released();
    const fed = Object.keys(feeds);
    const key = fed.join("\0");
    if (inputNames?.key !== key) inputNames = { key, names: namesOf(fed) };
    const { names } = inputNames;
    const inputs = BigUint64Array.from(fed, (name) => valueOver(feeds[name]));
    const results = BigUint64Array.from(outputs, (name) => (into[name] ? valueOver(into[name]) : 0n));
    const args = [
      address,
      null,
      names.addresses,
      inputs,
      fed.length,
      outputNames.addresses,
      outputs.length,
      results,
    ];
    const shapes = fingerprint(fed.map((name) => feeds[name]));
    const isShort = (times.get(shapes) ?? Number.POSITIVE_INFINITY) < shortMs;
    const ms = await holding({ feeds, into, args, names, handle }, () => run(args, isShort));
    if (times.size >= mostTimes) times.clear();
    times.set(shapes, ms);
    const found: Record<string, HostTensor> = {};
    outputs.forEach((name, i) => {
      const given = into[name];
      if (!given) found[name] = taken(results[i]);
      else if (!isNative(given)) found[name] = given as HostTensor;
    });
    return found;
  };

  return {
    address,
    run(feeds, into) {
      const result = inTurn(device, () => compute(feeds, into));
      handle.running.add(result);
      const ended = () => void handle.running.delete(result);
      result.then(ended, ended);
      return result;
    },
    async release() {
      if (handle.isReleased) return;
      handle.isReleased = true;
      await Promise.allSettled(handle.running);
      forgotten.unregister(handle);
      await inTurn(device, () => {
        if (profile) endProfile(address);
        free(address);
      });
    },
  };
}

/** Runs a session, on another thread where it may take long; gives how long it took. */
async function run(args: readonly unknown[], isShort: boolean): Promise<number> {
  const api = ortApi();
  // Whatever waits for the event loop has its turn.
  if (isShort) await new Promise(setImmediate);
  const start = performance.now();
  if (isShort) api.call("Run", ...args);
  else await api.callApart("Run", ...args);
  return performance.now() - start;
}

/** Almost always another number for arrays of other lengths. */
function fingerprint(tensors: readonly RunTensors[string][]): number {
  let hash = 0;
  for (const { shape } of tensors) {
    for (const size of shape) hash = Math.imul(hash, 31) + size;
    hash = Math.imul(hash, 31) + shape.length;
  }
  return hash;
}

function endProfile(session: Address): void {
  const api = ortApi();
  const allocator = api.make("GetAllocatorWithDefaultOptions");
  api.call("AllocatorFree", allocator, api.make("SessionEndProfiling", session, allocator));
}

const released = () =>
  new RuntimeError(
    "a graph was run after its session had been released",
    "nothing of it is there any more",
    "release a session when all of its runs are done, or compile anew",
  );

function taken(value: Address): HostTensor {
  const tensor = readValue(value);
  ortApi().release("Value", value);
  return tensor;
}

/** What is handed over is not held when it has been read. */
async function create(
  model: Uint8Array,
  options: SessionOptions,
  values: ReadonlyMap<string, Uint8Array>,
): Promise<Address> {
  const { device = "cpu" } = options;
  const available = builtDevices();
  if (!available.includes(device)) {
    throw new RuntimeError(
      "this machine cannot run on the asked device",
      `${device}; available: ${available.join(", ")}`,
      "choose one of those",
    );
  }
  if (device !== "cpu" && !hasRoomForShaders) {
    throw new RuntimeError(
      "a device's shaders cannot be compiled in this program",
      "koffi was loaded before and has called a library with smaller stacks",
      "import Autodidact before what else uses koffi, or compute on the CPU",
    );
  }
  try {
    return await holding({ model, values }, () => inTurn(device, () => createNow(model, options, values)));
  } catch (cause) {
    throw new RuntimeError(
      "ONNX Runtime did not load a graph",
      `device ${device}: ${(cause as Error).message}`,
      `check the device's driver and libraries; \`autodidact doctor\` tries each of ${available.join(", ")}`,
      { cause },
    );
  }
}

async function createNow(
  model: Uint8Array,
  options: SessionOptions,
  values: ReadonlyMap<string, Uint8Array>,
): Promise<Address> {
  const api = ortApi();
  const home = environment(); // before all else: its logger is everyone's
  const settings = api.make("CreateSessionOptions");
  const { device = "cpu", threads = availableParallelism(), spin = true, profile } = options;
  const entries = {
    "session.force_spinning_stop": "1", // threads that spin on after a run take the cores from the next session
    "session.use_device_allocator_for_initializers": "1", // the arena takes more than is asked for
    "session.use_env_allocators": "1",
    ...(spin ? {} : { "session.intra_op.allow_spinning": "0" }),
  };
  try {
    append(settings, device);
    api.call("SetIntraOpNumThreads", settings, threads);
    api.call("SetInterOpNumThreads", settings, 1);
    api.call("SetSessionGraphOptimizationLevel", settings, optimiseAll);
    api.call("SetSessionLogSeverityLevel", settings, fatal);
    // Planned memory costs a third more at the peak and saves no time.
    api.call("DisableMemPattern", settings);
    if (profile) api.call("EnableProfiling", settings, profile);
    for (const [key, value] of Object.entries(entries)) {
      api.call("AddSessionConfigEntry", settings, key, value);
    }
    if (values.size > 0) addValues(settings, values);
    const place = new BigUint64Array(1);
    await api.callApart("CreateSessionFromArray", home, model, model.length, settings, place);
    return place[0];
  } finally {
    api.release("SessionOptions", settings);
  }
}

function append(settings: Address, device: Device): void {
  const api = ortApi();
  const provider: { built: string; added?: string } = providers[device];
  if (provider.added) {
    api.call("SessionOptionsAppendExecutionProvider", settings, provider.added, null, null, 0);
  } else if (device === "cuda") {
    const cuda = api.make("CreateCUDAProviderOptions");
    try {
      api.call("SessionOptionsAppendExecutionProvider_CUDA_V2", settings, cuda);
    } finally {
      api.release("CUDAProviderOptions", cuda);
    }
  }
}

function addValues(settings: Address, values: ReadonlyMap<string, Uint8Array>): void {
  const names = namesOf([...values.keys()], encodePath);
  const arrays = [...values.values()];
  ortApi().call(
    "AddExternalInitializersFromFilesInMemory",
    settings,
    names.addresses,
    BigUint64Array.from(arrays, (array) => koffi.address(array)),
    BigUint64Array.from(arrays, ({ length }) => BigInt(length)),
    arrays.length,
  );
}
