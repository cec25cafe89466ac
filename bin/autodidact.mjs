#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs";

const here = (path) => new URL(path, import.meta.url);
const args = process.argv.slice(2);

if (args.length === 1 && ["--version", "-V"].includes(args[0])) {
  console.log(JSON.parse(readFileSync(here("../package.json"), "utf8")).version);
} else {
  // A checkout runs its TypeScript; the package holds JavaScript.
  if (existsSync(here("../src/cli/main.ts"))) (await import("tsx/esm/api")).register();
  const { main } = await import("../src/cli/main.js");
  // A reader that has seen enough, such as `head`, is no failure; nor is a terminal that was closed.
  process.stdout.on("error", (error) => {
    if (error.code === "EPIPE") process.exit();
    if (error.code !== "EIO") throw error;
  });
  await main(args);
}
