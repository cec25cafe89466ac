/** From a JSON schema to a network that reads only texts of values which the schema allows. */
import { GenerationError } from "../errors.js";
import { patternOfFormat } from "./formats.js";
import { JsonContainers } from "./json-containers.js";
import { type Interval, JsonNumbers } from "./json-number.js";
import { JsonStrings } from "./json-string.js";
import {
  expectOnly,
  type Keywords,
  listedValues,
  refuse,
  type Schema,
  type TypeName,
  typesOf,
} from "./keywords.js";
import { itemsOf, propertiesOf } from "./members.js";
import type { Piece, Rule } from "./network.js";
import { bothMatch, type Pattern, readPattern } from "./pattern.js";
import { prune } from "./prune.js";
import { type Alternative, SchemaTree } from "./schema-tree.js";
import type { TextNetwork } from "./text-network.js";

const MAX_PROPERTIES = 1000;

/**
 * Draws the grammar of a schema. Properties come in the order of the schema, then those it does not name; a space,
 * or a new line with some indentation, may follow `{ [ , :` and precede `} ]`. Throws `GenerationError` for a schema
 * that is not supported or that no text satisfies. With `afterSpace` such a space may also precede the whole.
 */
export function jsonGrammar(schema: Schema, net: TextNetwork, { afterSpace = false } = {}): Rule {
  const root = new JsonGrammar(schema, net).draw(schema, afterSpace);
  const isLive = prune(net.nodes);
  if (isLive(root.start)) return root;
  throw new GenerationError(
    "no JSON text that the model could write satisfies the schema",
    JSON.stringify(schema).slice(0, 200),
    "look for demands that exclude each other or never end, and for characters that the tokenizer lacks",
  );
}

class JsonGrammar {
  private readonly tree: SchemaTree;
  private readonly strings: JsonStrings;
  private readonly numbers: JsonNumbers;
  private readonly containers: JsonContainers;
  private readonly rules = new Map<Keywords | true, Rule>();
  private readonly choices = new Map<Schema, Rule>();
  private readonly undrawn: (() => void)[] = [];

  constructor(
    root: Schema,
    private readonly net: TextNetwork,
  ) {
    this.tree = new SchemaTree(root);
    this.strings = new JsonStrings(net);
    this.numbers = new JsonNumbers(net);
    this.containers = new JsonContainers(net);
  }

  draw(root: Schema, afterSpace: boolean): Rule {
    const value = this.value(root, "#");
    const rule = this.net.rule(
      afterSpace ? this.net.sequence(this.net.call(this.containers.space), value) : value,
    );
    for (let draw = this.undrawn.pop(); draw !== undefined; draw = this.undrawn.pop()) draw();
    return rule;
  }

  /** A value that the schema allows. */
  private value(schema: Schema, path: string): Piece {
    const alternatives = this.tree.alternatives(schema, path);
    if (alternatives.length === 1) return this.net.call(this.rule(alternatives[0]));
    const known = this.choices.get(schema);
    if (known) return this.net.call(known);
    const choice = this.net.rule(
      this.net.choice(...alternatives.map((alternative) => this.net.call(this.rule(alternative)))),
    );
    this.choices.set(schema, choice);
    return this.net.call(choice);
  }

  /** The rule of a schema; it is drawn later, so that schemas can contain each other. */
  private rule({ schema, path }: Alternative): Rule {
    const known = this.rules.get(schema);
    if (known) return known;
    const rule = this.net.rule();
    this.rules.set(schema, rule);
    this.undrawn.push(() => this.net.define(rule, this.values(schema === true ? {} : schema, path)));
    return rule;
  }

  private values(source: Keywords, path: string): Piece {
    const listed = listedValues(source);
    if (listed) {
      expectOnly(source, path, [source.enum ? "enum" : "const", "type"]);
      return this.net.words(listed);
    }
    return this.net.choice(...typesOf(source).map((type) => this.valuesOfType(type, source, path)));
  }

  private valuesOfType(type: TypeName, source: Keywords, path: string): Piece {
    switch (type) {
      case "null":
        return this.net.literal("null");
      case "boolean":
        return this.net.words(["true", "false"]);
      case "integer":
        return this.numbers.integer(intervalOf(source));
      case "number":
        return this.numbers.number(intervalOf(source));
      case "string":
        return this.string(source, path);
      case "array":
        return this.array(source, path);
      case "object":
        return this.object(source, path);
    }
  }

  private string({ minLength: min = 0, maxLength: max, ...source }: Keywords, path: string): Piece {
    const patterns: Pattern[] = [];
    if (source.pattern !== undefined) patterns.push(readPattern(source.pattern, `${path}/pattern`));
    const format = source.format && patternOfFormat(source.format, `${path}/format`);
    if (format) patterns.push(readPattern(format, `${path}/format`));
    if (patterns.length === 0) return this.strings.any({ min, max });
    return this.strings.matching(patterns.reduce(bothMatch), { min, max });
  }

  private array(source: Keywords, path: string): Piece {
    const { first, others } = itemsOf(source, path);
    return this.containers.array({
      first: first.map((schema, i) => this.value(schema, `${path}/prefixItems/${i}`)),
      others: this.value(others, `${path}/items`),
      min: source.minItems ?? 0,
      max: source.maxItems,
    });
  }

  private object(source: Keywords, path: string): Piece {
    const { properties, others } = propertiesOf(source, path, this.tree);
    if (properties.size > MAX_PROPERTIES) {
      throw refuse(path, `${properties.size} properties`, `name at most ${MAX_PROPERTIES} in an object`);
    }
    const required = new Set(source.required);
    const members = Array.from(properties, ([name, schema]) => ({
      key: this.net.literal(JSON.stringify(name)),
      value: this.value(schema, `${path}/properties/${name}`),
      isRequired: required.has(name),
    }));
    const other = {
      key: this.strings.otherThan(properties.keys()),
      value: this.value(others, `${path}/additionalProperties`),
    };
    return this.containers.object({ properties: members, others: others === false ? undefined : other });
  }
}

function intervalOf(source: Keywords): Interval {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = source;
  const {
    exclusiveMinimum: above = Number.NEGATIVE_INFINITY,
    exclusiveMaximum: below = Number.POSITIVE_INFINITY,
  } = source;
  return {
    low: Math.max(minimum, above),
    high: Math.min(maximum, below),
    isLowStrict: above >= minimum && above > Number.NEGATIVE_INFINITY,
    isHighStrict: below <= maximum && below < Number.POSITIVE_INFINITY,
  };
}
