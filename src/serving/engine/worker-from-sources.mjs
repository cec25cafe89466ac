// The model's thread in a checkout: threads do not inherit the TypeScript loader. The package has no need of it.
import { register } from "tsx/esm/api";

register();
await import("./worker.ts");
