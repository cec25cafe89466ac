/** Values that options take, each with what to say where a text is none. */
import { z } from "zod";
import type { InputFile } from "./modality.js";

const saying = <S extends z.ZodType>(schema: S, hint: string): S => schema.meta({ hint });

/** A whole number above 0. */
export const countOption = saying(z.int().positive(), "Give a whole number above 0.");

/** Of things that are made at once and held in memory. */
export const manyOption = saying(z.int().positive().max(100_000), "Give a whole number from 1 to 100000.");

export const numberOption = saying(z.number(), "Give a number, for example 1.");

/** A number of 0 or more. */
export const amountOption = saying(z.number().nonnegative(), "Give a number of 0 or more.");

export const shareOption = saying(z.number().min(0).max(1), "Give a number from 0 to 1.");

export const seedOption = saying(z.int(), "Give a whole number.");

export const textOption = z.string();

/** The path of a file, which the command line reads. */
export const fileOption = z.custom<InputFile>().meta({ isFile: true });

/** How an option appears among the flags: `argument` is the name of its value, such as "count". */
export function flag<S extends z.ZodType>(schema: S, argument: string, description: string): S {
  return schema.meta({ argument, description });
}
