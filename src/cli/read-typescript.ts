/** Recipes are TypeScript. The package holds JavaScript, and loads what reads them when the first one comes. */
import * as nodeModule from "node:module";
import { resolve } from "./recipe-hooks.js";

/** Newer than the oldest Node that is supported, and than the types. */
const { registerHooks } = nodeModule as { registerHooks?: (hooks: object) => void };

let isReady = false;

/** From here on `import` takes TypeScript, in which "autodidact" means this package. */
export async function readTypeScript(): Promise<void> {
  if (isReady) return;
  isReady = true;
  // In a checkout, whose own sources are TypeScript, the loader is there.
  const isSource = import.meta.url.endsWith(".ts");
  if (!isSource) (await import("tsx/esm/api")).register();
  if (registerHooks) registerHooks({ resolve });
  else nodeModule.register(`./recipe-hooks.${isSource ? "ts" : "js"}`, import.meta.url);
}
