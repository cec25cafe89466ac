/** Every primitive and the functions made of them. */
export * from "./convolution.js";
export * from "./elementwise.js";
export * from "./gather.js";
export * from "./logic.js";
export * from "./matmul.js";
export * from "./movement.js";
export * from "./normalise.js";
export * from "./pattern.js";
export * from "./pooling.js";
export * from "./reduce.js";
export * from "./scan.js";
export * from "./selection.js";
export * from "./slice.js";
