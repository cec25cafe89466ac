/** A rank that mpirun starts: does what every collective must do. */
import { joinRanks } from "../../src/cli/ranks.js";
import { exercise } from "../collective.js";

const collective = await joinRanks(process.env);
await exercise(collective);
await collective.close();
