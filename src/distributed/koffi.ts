/**
 * koffi, which calls functions of C libraries, by its binary for this platform: the package `koffi` itself wants to run a
 * script when it is installed.
 */
import { createRequire } from "node:module";
import type Koffi from "koffi";

/** Throws where the platform has none. */
export const koffi: typeof Koffi = createRequire(import.meta.url)(
  `@koromix/koffi-${process.platform}-${process.arch}`,
);
