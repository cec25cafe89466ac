/** A row of a table with its fields. */
export interface TableRow {
  readonly value: Readonly<Record<string, unknown>>;
  /** Where it stands, for messages: `file:line`, of a Parquet file `file:row`, counted from 1. */
  readonly source: string;
}
