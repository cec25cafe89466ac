/** A model over HTTP whose uses run in a thread of their own. */
import type { NamedArray } from "../../interop/safetensors.js";
import type { Served } from "../../serving/http/served.js";
import type { Named, ServeRequest } from "../modality.js";
import { startUses, type UseThread } from "./use-thread.js";

/** Its routes, and what is said of them. */
export interface ServedUse extends Pick<Served, "routes" | "page" | "facts" | "example" | "bodyBytes"> {
  /** What it does, in a few words. */
  readonly details: string;
}

/** Opens the model twice: here for what is said of it, and in the thread. Throws `ServingError` where that fails. */
export async function serveUses<S extends { readonly weights: ReadonlyMap<string, NamedArray> }>(
  named: Named<S>,
  { name, device }: ServeRequest,
  useOf: (saved: S, uses: UseThread) => ServedUse,
): Promise<Served> {
  const saved = await named.open();
  const uses = await startUses(named, { device });
  const { details, ...served } = useOf(saved, uses);
  const parameterCount = [...saved.weights.values()].reduce((sum, { data }) => sum + data.length, 0);
  return {
    ...served,
    models: [name],
    hasFailed: async () => uses.hasFailed,
    facts: { parameterCount, ...served.facts },
    description: `${parameterCount.toLocaleString("en-US")} parameters, ${details}`,
    close: () => uses.close(),
  };
}
