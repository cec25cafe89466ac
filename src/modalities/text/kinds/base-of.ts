import { finderOf, type Surroundings } from "../../modality.js";

/** Finds the base model of an adapter. */
export const baseOf = (around: Surroundings) => async (name: string) => (await finderOf(around)(name)).folder;
