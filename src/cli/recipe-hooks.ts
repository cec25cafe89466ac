/** How Node finds what a recipe imports; see read-typescript.ts. */
import type { ResolveHook } from "node:module";

type Resolved = Awaited<ReturnType<ResolveHook>>;
type Next = (specifier: string, context: object) => Resolved | Promise<Resolved>;

const inThisPackage = new URL("../../package.json", import.meta.url).href;

/**
 * "autodidact" is the running package, wherever the recipe lies; TypeScript is a module, also in a folder whose
 * package.json does not say so. Waits only where Node has its hooks wait.
 */
export function resolve(
  specifier: string,
  context: { parentURL?: string },
  next: Next,
): Resolved | Promise<Resolved> {
  const isOwn = /^autodidact(\/|$)/.test(specifier);
  const found = next(specifier, isOwn ? { ...context, parentURL: inThisPackage } : context);
  return found instanceof Promise ? found.then(asModule) : asModule(found);
}

function asModule(found: Resolved): Resolved {
  return /\.tsx?$/.test(found.url) ? { ...found, format: "module" } : found;
}
