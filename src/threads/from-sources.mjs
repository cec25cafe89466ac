// A thread in a checkout: it registers the TypeScript loader, then runs the module as if it had been started on it.
import { workerData } from "node:worker_threads";
import { register } from "tsx/esm/api";

register();
await import(workerData.module);
