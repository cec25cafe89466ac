/** The borders between the rooms: imports flow one way. Tests may import what they like. */

/** The parts of src/core in order: each may import those before it. */
const coreParts = ["graph", "ops", "autodiff", "onnx", "runtime"];

const libraries = ["core", "files", "data", "features", "nn", "models"];
const learning = [...libraries, "objectives", "optim", "distributed", "training"];
const using = [...libraries, "objectives", "generation", "interop"];

/** What each room of src may import beside itself; a file stands for itself alone. */
const rooms = {
  core: [],
  files: ["core"],
  threads: [],
  distributed: ["core", "threads"],
  data: ["core", "files", "threads"],
  features: ["core", "files", "data"],
  nn: ["core"],
  models: ["core", "nn"],
  objectives: ["core", "nn", "models", "data/images/image.ts", "data/training-data.ts"],
  optim: ["core", "nn/parameter.ts"], // what a parameter is, never a layer
  training: [...libraries, "objectives", "optim", "distributed"],
  generation: [...libraries, "objectives"], // a sampler takes the steps that its objective defines
  interop: libraries,
  evaluation: using,
  serving: [...using, "evaluation", "threads"],
  recipe: ["core", "files"],
  bench: ["core", "data/training-data.ts", "nn", "objectives", "optim", "training"],
  modalities: [...learning, ...using, "evaluation", "serving", "threads", "recipe", "bench"],
  cli: [...learning, ...using, "evaluation", "serving", "recipe", "bench", "modalities"],
};

const isTest = "[.]test[.]ts$";
const anyOf = (names) => `(?:${names.join("|")})`;

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-imports-too-much`,
  comment: `src/${room} may import ${allowed.join(", ") || "nothing else of src"}`,
  severity: "error",
  from: { path: `^src/${room}/`, pathNot: isTest },
  to: { path: "^src/", pathNot: `^src/${anyOf([room, ...allowed])}(?:/|$)` },
}));

const coreRules = coreParts.slice(0, -1).map((part, i) => ({
  name: `core-${part}-imports-a-later-part`,
  comment: `inside src/core imports go ${coreParts.toReversed().join(" -> ")}`,
  severity: "error",
  from: { path: `^src/core/${part}/`, pathNot: isTest },
  to: { path: `^src/core/${anyOf(coreParts.slice(i + 1))}/` },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    ...coreRules,
    {
      name: "core-root-imports-a-part",
      comment:
        "src/core/errors.ts, random.ts and the like stand below all parts of src/core; index.ts exports them",
      severity: "error",
      from: { path: "^src/core/[^/]+$", pathNot: [isTest, "/index[.]ts$"] },
      to: { path: "^src/core/[^/]+/" },
    },
    {
      name: "unknown-room",
      comment: "a new folder of src is listed in this file with what it may import",
      severity: "error",
      from: {},
      to: { path: "^src/", pathNot: `^src/(?:${anyOf(Object.keys(rooms))}/|index[.]ts$)` },
    },
    {
      name: "no-cycles",
      comment: "also not by types alone",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "only-the-runtime-knows-onnx-runtime",
      comment: "everything else goes through src/core/runtime/session.ts",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/core/runtime/" },
      to: { path: "onnxruntime-" },
    },
    {
      name: "runs-in-a-browser",
      comment:
        "Node's built-in modules: only the Node runtime, readers of disks, the Hub's cache, serving and the command line",
      severity: "error",
      from: {
        path: "^src/",
        pathNot: [
          isTest,
          "^src/core/runtime/native/",
          "^src/files/(?!(?:folder|memory)[.]ts$)",
          "^src/data/",
          "^src/interop/hub/",
          "^src/serving/",
          "^src/threads/",
          "^src/distributed/",
          "^src/bench/",
          "^src/modalities/(?:thread|[^/]+/bench)/",
          "^src/modalities/text/kinds/(?:measures|serve)[.]ts$",
          "^src/cli/",
        ],
      },
      to: { dependencyTypes: ["core"] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".cjs", ".mjs"], exportsFields: ["exports"] },
  },
};
