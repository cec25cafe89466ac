#!/usr/bin/env node
// Recipes are TypeScript, so the loader is always there; in a checkout it runs the sources as well.
import { register } from "tsx/esm/api";

register();
const { main } = await import("../src/cli/main.js");
await main(process.argv.slice(2));
