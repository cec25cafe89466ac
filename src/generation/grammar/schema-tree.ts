import { areDisjoint } from "./disjoint.js";
import { expectOnly, isSchema, type Keywords, readKeywords, refuse, type Schema } from "./keywords.js";

const MAX_CHAIN = 100;
const MAX_ONE_OF = 200;

/** A schema that is neither a reference nor a choice, or `true`: any value. */
export interface Alternative {
  readonly schema: true | Keywords;
  /** Where it stands, as in `#/properties/name`. */
  readonly path: string;
}

interface Branch {
  readonly schema: Schema;
  readonly path: string;
}

/** A JSON schema as data, and what its references and choices come to. */
export class SchemaTree {
  private readonly known = new Map<Schema, readonly Alternative[]>();
  private readonly read = new Map<Schema, Keywords>();
  private readonly open = new Set<Schema>();

  constructor(private readonly root: Schema) {}

  /**
   * The alternatives that a schema stands for, each once; none where it allows nothing. Throws `GenerationError` for
   * what is not supported, and where a schema refers to itself without anything in between.
   */
  alternatives(schema: Schema, path: string): readonly Alternative[] {
    if (schema === false) return [];
    if (schema === true) return [{ schema, path }];
    const known = this.known.get(schema);
    if (known) return known;
    if (this.open.has(schema))
      throw refuse(path, "a schema that refers to itself at once", "break the circle");
    if (this.open.size >= MAX_CHAIN)
      throw refuse(path, "a chain of references", "refer to the last one directly");
    this.open.add(schema);
    const found = this.resolve(this.keywords(schema, path), path);
    this.open.delete(schema);
    this.known.set(schema, found);
    return found;
  }

  private keywords(schema: Exclude<Schema, boolean>, path: string): Keywords {
    const known = this.read.get(schema) ?? readKeywords(schema, path);
    this.read.set(schema, known);
    return known;
  }

  private resolve(source: Keywords, path: string): readonly Alternative[] {
    const name = (["$ref", "anyOf", "oneOf", "allOf"] as const).find((key) => source[key] !== undefined);
    if (name === undefined) return [{ schema: source, path }];
    expectOnly(source, path, [name]);
    const branches =
      name === "$ref" ? [this.target(source.$ref!, path)] : branchesOf(source[name]!, `${path}/${name}`);
    if (name === "allOf" && branches.length > 1) {
      throw refuse(path, "allOf of several schemas", "write one schema that says all of it");
    }
    const found = branches.map((branch) => this.alternatives(branch.schema, branch.path));
    if (name === "oneOf") this.expectDisjoint(found, path);
    return [...new Map(found.flat().map((alternative) => [alternative.schema, alternative])).values()];
  }

  /** What a reference such as `#/$defs/node` points to [RFC 6901]. */
  private target(reference: string, path: string): Branch {
    const [start, ...parts] = reference.split("/");
    let at: unknown = this.root;
    for (const part of parts) {
      const key = decodePart(part);
      at = typeof at === "object" && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined;
    }
    if (start === "#" && isSchema(at)) return { schema: at, path: reference };
    throw refuse(
      path,
      `$ref ${JSON.stringify(reference)}`,
      "refer to a part of this schema, such as #/$defs/name",
    );
  }

  /** `oneOf` allows what exactly one schema allows: it is a choice only where no value fits two of them. */
  private expectDisjoint(branches: readonly (readonly Alternative[])[], path: string): void {
    const count = branches.flat().length;
    if (count > MAX_ONE_OF) throw refuse(path, `oneOf of ${count} schemas`, "use anyOf");
    for (const [i, first] of branches.entries()) {
      const j = branches.findIndex((second, k) => k > i && !this.areDisjoint(first, second));
      if (j < 0) continue;
      throw refuse(
        path,
        `oneOf, of which schemas ${i} and ${j} may hold together`,
        "use anyOf, or give each a required property with a const of its own",
      );
    }
  }

  private areDisjoint(a: readonly Alternative[], b: readonly Alternative[]): boolean {
    return a.every((one) => b.every((other) => areDisjoint(one.schema, other.schema, this.follow)));
  }

  private readonly follow = (schema: Schema): Keywords | boolean => {
    let at: Branch = { schema, path: "oneOf" };
    for (let i = 0; i < MAX_CHAIN; i++) {
      if (typeof at.schema === "boolean") return at.schema;
      const source = this.keywords(at.schema, at.path);
      if (source.$ref === undefined) return source;
      at = this.target(source.$ref, at.path);
    }
    return true;
  };
}

function branchesOf(schemas: readonly Schema[], path: string): Branch[] {
  return schemas.map((schema, i) => ({ schema, path: `${path}/${i}` }));
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return part; // no percent-encoding: the name is meant as it stands
  }
}
