#!/usr/bin/env node
// Recipes are TypeScript, so the loader is always there; in a checkout it runs the sources as well. The second
// one reads recipes in folders whose package.json does not say "type": "module", or that have none.
import { register as registerCommonJs } from "tsx/cjs/api";
import { register } from "tsx/esm/api";

registerCommonJs();
register();
const { main } = await import("../src/cli/main.js");
// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
await main(process.argv.slice(2));
