/**
 * koffi, which calls functions of C libraries, by its binary for this platform: the package `koffi` itself wants to run a
 * script when it is installed.
 */
import { createRequire } from "node:module";
import type Koffi from "koffi";
import { RuntimeError } from "../host-tensor.js";

const name = `@koromix/koffi-${process.platform}-${process.arch}`;

/** Importing this throws `RuntimeError` where the platform has none. */
export const koffi = load();

const enough = 8 * 2 ** 20;
try {
  // The defaults are too small for compilers of shaders.
  koffi.config({ sync_stack_size: enough, async_stack_size: enough });
} catch {
  // Another part of this program has called a library by koffi before: its sizes stay.
}
const { sync_stack_size: ownStack = 0, async_stack_size: otherStack = 0 } = koffi.config();

/** Whether calls on other threads have room for what a graph computes, */
export const canCallApart = otherStack >= 2 ** 20;
/** and all calls for the compilers of a device's shaders. */
export const hasRoomForShaders = Math.min(ownStack, otherStack) >= enough;

function load(): typeof Koffi {
  try {
    return createRequire(import.meta.url)(name);
  } catch (cause) {
    throw new RuntimeError(
      "what calls ONNX Runtime is not there for this system",
      `${name}: ${(cause as Error).message.split("\n")[0]}`,
      "install without leaving out optional dependencies, on Linux (x64, arm64), macOS (arm64) or Windows (x64, arm64)",
      { cause },
    );
  }
}
