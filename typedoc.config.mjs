// npm run docs: the API reference, in docs/api/. Every exported name has a line of its own, or this fails.
import { readFileSync } from "node:fs";

const { exports } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const entryPoints = Object.values(exports)
  .filter((path) => path.endsWith(".js"))
  .map((path) => path.replace(/\.js$/, ".ts"));

/** @type {Partial<import("typedoc").TypeDocOptions>} */
export default {
  name: "Autodidact",
  entryPoints,
  tsconfig: "tsconfig.pack.json",
  out: "docs/api",
  readme: "none",
  sort: "source-order",
  skipErrorChecking: true, // npm run typecheck has these
  excludePrivate: true,
  // The operators' definitions (MatMul beside matmul): a name and types, which the functions' lines describe.
  excludeNotDocumented: true,
  excludeNotDocumentedKinds: ["Variable"],
  requiredToBeDocumented: ["Enum", "Variable", "Function", "Class", "Interface", "TypeAlias"],
  validation: { notExported: false, invalidLink: true, notDocumented: true },
  treatValidationWarningsAsErrors: true,
};
