/** Recipes are TypeScript. The package holds JavaScript, and loads what reads them when the first one comes. */
import * as nodeModule from "node:module";

/** Newer than the oldest Node that is supported, and than the types. */
const { registerHooks } = nodeModule as { registerHooks?: (hooks: object) => void };

let ready: Promise<void> | undefined;

/** From then on `import` takes TypeScript, in which "autodidact" means this package. */
export function readTypeScript(): Promise<void> {
  ready ??= register();
  return ready;
}

async function register(): Promise<void> {
  // In a checkout, whose own sources are TypeScript, the loader is there.
  if (!import.meta.url.endsWith(".ts")) (await import("tsx/esm/api")).register();
  const hooks = new URL("recipe-hooks.mjs", import.meta.url);
  if (registerHooks) registerHooks(await import(hooks.href));
  else nodeModule.register(hooks);
}
