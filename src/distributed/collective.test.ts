import { describe, expect, it } from "vitest";
import { exercise } from "../../test/collective.js";
import { hasMpi, type Mpi, mpirun } from "../../test/mpi/mpirun.js";
import { linksInMemory } from "../../test/ranks-in-memory.js";
import { alone } from "./collective.js";
import { overLinks } from "./over-links.js";

describe("a collective", () => {
  it("is one alone", () => exercise(alone));

  it.each([1, 2, 3, 4, 8])("is %d that send each other messages", async (size) => {
    await Promise.all(linksInMemory(size).map((links) => exercise(overLinks(links))));
  });

  // A power of two is a tree, another number in order.
  it.skipIf(!hasMpi("openmpi"))("is four that Open MPI starts", () => started("openmpi", 4, "Open MPI"));
  it.skipIf(!hasMpi("mpich"))("is three that MPICH starts", () => started("mpich", 3, "MPICH"));
});

async function started(mpi: Mpi, size: number, name: string): Promise<void> {
  const { code, stderr } = await mpirun(mpi, size, ["--import", "tsx", "test/mpi/rank.ts"]);
  expect(stderr).toContain(`${size} ranks by ${name} `);
  expect(code, stderr).toBe(0);
}
