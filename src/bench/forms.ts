/** The ways in which one training step can be run, as the environment of its process says. */
import { readFile } from "node:fs/promises";
import type { Device } from "../core/runtime/session.js";
import type { Environment } from "./side-process.js";

export interface Form {
  readonly name: string;
  readonly env: Environment;
}

/** What our side's products are in. */
export const productsVariable = "AUTODIDACT_BENCH_PRODUCTS";

export const float32: Form = { name: "float32", env: {} };
export const int8: Form = { name: "int8", env: { [productsVariable]: "int8" } };

/** Where our side computes. */
export const deviceVariable = "AUTODIDACT_BENCH_DEVICE";

/** On a device: ours keeps all that changes there; PyTorch takes the machine's accelerator, or without one the CPU. */
export const onDevice = ({ name, env }: Form, device: Device): Form => ({
  name,
  env: { ...env, [deviceVariable]: device, YARDSTICK_DEVICE: device === "cpu" ? "cpu" : "accelerator" },
});

/** PyTorch's ordinary ones: which is the best depends on the network and the machine. Fused AdamW is in all. */
export const pytorchForms: readonly Form[] = ["eager", "compiled"].flatMap((how) =>
  ["asleep", "awake"].map((threads) => ({
    name: `${how}, threads ${threads}`,
    env: {
      YARDSTICK_AWAKE: threads === "awake" ? "1" : "0",
      YARDSTICK_COMPILE: how === "compiled" ? "1" : "0",
    },
  })),
);

export const inBfloat16 = ({ name, env }: Form): Form => ({
  name: `bfloat16, ${name}`,
  env: { ...env, YARDSTICK_BFLOAT16: "1" },
});

/** Whether this processor multiplies in bfloat16: elsewhere PyTorch only imitates it. */
export async function hasBfloat16(): Promise<boolean> {
  const flags = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  return /\b(avx512_bf16|amx_bf16)\b/.test(flags);
}
