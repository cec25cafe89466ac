import { describe, expect, it } from "vitest";
import { exercise } from "../../test/collective.js";
import { hasMpi, mpirun, mpis } from "../../test/mpi/mpirun.js";
import { linksInMemory } from "../../test/ranks-in-memory.js";
import { alone } from "./collective.js";
import { overLinks } from "./over-links.js";

describe("a collective", () => {
  it("is one alone", () => exercise(alone));

  it.each([1, 2, 3, 4, 8])("is %d that send each other messages", async (size) => {
    await Promise.all(linksInMemory(size).map((links) => exercise(overLinks(links))));
  });

  const sizes = { openmpi: [3, 4], mpich: [2, 3] };
  const names = { openmpi: "Open MPI", mpich: "MPICH" };
  for (const mpi of mpis) {
    it.skipIf(!hasMpi(mpi)).each(sizes[mpi])(`is %d that ${mpi} starts`, async (size) => {
      const { code, stderr } = await mpirun(mpi, size, ["--import", "tsx", "test/mpi/rank.ts"]);
      expect(stderr).toMatch(new RegExp(`${size} ranks by ${names[mpi]} \\d`));
      expect(code, stderr).toBe(0);
    });
  }
});
