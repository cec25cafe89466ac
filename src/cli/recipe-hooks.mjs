// How Node finds what a recipe imports; see read-typescript.ts. JavaScript, because a thread without the
// TypeScript loader may have to read it.

const inThisPackage = new URL("../../package.json", import.meta.url).href;

/**
 * "autodidact" is the running package, wherever the recipe lies; TypeScript is a module, also in a folder whose
 * package.json does not say so. Waits only where Node has its hooks wait.
 * @param {string} specifier
 * @param {{ parentURL?: string }} context
 * @param {(specifier: string, context: object) => any} next
 */
export function resolve(specifier, context, next) {
  const isOwn = /^autodidact(\/|$)/.test(specifier);
  const found = next(specifier, isOwn ? { ...context, parentURL: inThisPackage } : context);
  return found instanceof Promise ? found.then(asModule) : asModule(found);
}

/** @param {{ url: string }} found */
function asModule(found) {
  return /\.tsx?$/.test(found.url) ? { ...found, format: "module" } : found;
}
