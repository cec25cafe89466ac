import { Option } from "commander";
import { devices } from "../recipe/sections.js";

/** Where a trained model computes. */
export const deviceOption = () =>
  new Option("--device <name>", "where to compute").choices(devices).default("cpu");
