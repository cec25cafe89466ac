/** Tries one device in a process of its own: what its libraries write by themselves is nobody's to read. */
import type { Device } from "../core/runtime/session.js";
import { tryDevice } from "./try-device.js";

process.stdout.write(`${JSON.stringify(await tryDevice(process.argv[2] as Device))}\n`);
