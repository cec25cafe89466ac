/** How far notes were moved to lie on a grid. */
export interface GridReport {
  readonly notes: number;
  /** The share of notes that did not begin on the grid. */
  readonly offGrid: number;
  /** In beats, over all notes. */
  readonly meanDisplacement: number;
  readonly largestDisplacement: number;
}

/** The report on notes whose beginnings were moved by so many beats each. */
export function gridReport(displacements: readonly number[]): GridReport {
  const moved = displacements.filter((by) => by !== 0).map(Math.abs);
  const notes = displacements.length;
  return {
    notes,
    offGrid: moved.length / Math.max(1, notes),
    meanDisplacement: moved.reduce((sum, by) => sum + by, 0) / Math.max(1, notes),
    largestDisplacement: moved.reduce((most, by) => Math.max(most, by), 0),
  };
}
