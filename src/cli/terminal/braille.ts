/** A drawing of dots, two across and four down in each character (Unicode block U+2800). */
export class BrailleCanvas {
  private readonly cells: Uint8Array;

  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {
    this.cells = new Uint8Array(columns * rows);
  }

  /** Sets the dot at (x, y), counted from the top left; dots outside are ignored. */
  dot(x: number, y: number): void {
    const [column, row] = [x >> 1, y >> 2];
    if (column < 0 || column >= this.columns || row < 0 || row >= this.rows) return;
    this.cells[row * this.columns + column] |= DOT_BITS[y & 3][x & 1];
  }

  /** A straight line between two dots. */
  line(fromX: number, fromY: number, toX: number, toY: number): void {
    const steps = Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY), 1);
    for (let i = 0; i <= steps; i++) {
      this.dot(
        Math.round(fromX + ((toX - fromX) * i) / steps),
        Math.round(fromY + ((toY - fromY) * i) / steps),
      );
    }
  }

  /** The characters, row by row; a cell without dots is a space. */
  characters(): string[][] {
    return Array.from({ length: this.rows }, (_, row) =>
      Array.from(this.cells.subarray(row * this.columns, (row + 1) * this.columns), (bits) =>
        bits === 0 ? " " : String.fromCharCode(0x2800 + bits),
      ),
    );
  }
}

/** [y][x]: the bit of each dot in its character, as Unicode numbers them. */
const DOT_BITS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];
