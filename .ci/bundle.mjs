// Puts into the package in the current folder what its users could not install: node .ci/bundle.mjs NODE_MODULES.
//
// ONNX Runtime's package runs a script on installation that downloads files for CUDA from another host than
// npm's; where that cannot be reached, nothing that depends on it can be installed. A copy in vendor/ runs none, and
// has no more than its libraries, which are called without its binding. Whoever wants CUDA runs that script, so all
// that it needs stays a dependency.
//
// esbuild, which tsx needs, has a script as well, that does no harm and is not needed: npm warns about it, pnpm
// refuses it. As bundled dependencies they have none. (Yarn knows no bundled dependencies, and runs the script.)
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [modules] = process.argv.slice(2);
const read = (...path) => JSON.parse(readFileSync(join(...path), "utf8"));
const write = (value, ...path) => writeFileSync(join(...path), `${JSON.stringify(value, null, 2)}\n`);

/** Copies a package, which runs no script any more; gives what its manifest still says of other packages. */
function copy(name, into) {
  cpSync(join(modules, name), into, { recursive: true, dereference: true });
  const { scripts, devDependencies, optionalDependencies = {}, ...manifest } = read(into, "package.json");
  write(manifest, into, "package.json");
  return { version: manifest.version, dependencies: manifest.dependencies ?? {}, optionalDependencies };
}

const own = read("package.json");

const vendored = "onnxruntime-node";
const runtime = join("vendor", vendored);
const { version, dependencies } = copy(vendored, runtime);
delete own.dependencies[vendored];
delete dependencies["onnxruntime-common"]; // of the binding
Object.assign(own.dependencies, dependencies);
own.imports = { [`#${vendored}/*`]: `./vendor/${vendored}/*` };
for (const path of readdirSync(runtime, { recursive: true })) {
  if (/^(dist|lib)$|\.node$/.test(path)) rmSync(join(runtime, path), { recursive: true });
}
// Its package has no copy of its licence, and of its two equal dylibs the other is called.
cpSync(join(".ci", "LICENSE-onnxruntime"), join(runtime, "LICENSE"));
rmSync(join(runtime, "bin", "napi-v6", "darwin", "arm64", `libonnxruntime.${version}.dylib`));

const bundled = ["tsx", "esbuild"];
own.bundleDependencies = bundled;
own.optionalDependencies ??= {};
for (const name of bundled) {
  const { optionalDependencies, version } = copy(name, join("node_modules", name));
  own.dependencies[name] ??= version;
  Object.assign(own.optionalDependencies, optionalDependencies); // files for single platforms
}
delete own.optionalDependencies.fsevents; // for watching files, which nobody asks of tsx here

const { allowScripts, devDependencies, scripts, ...manifest } = own;
write(manifest, "package.json");
