import type * as fc from "fast-check";
import { specSchemas } from "../../mesh/istio/admission/schemas";
import { type IstioKind, istioKinds } from "../../mesh/istio/kinds";
import { type JsonObject } from "../../mesh/manifests";
import { type Schema } from "../../mesh/manifests/schema";
import { type Draw, drawn } from "../generate/draw";
import { fieldChoices } from "./fields";
import { fitOf } from "./fitting";
import { usualTexts, wrongTextsOf } from "./texts";

/** Kinds that admission reads the whole of. */
export const admittedKinds: readonly IstioKind[] = (Object.keys(istioKinds) as IstioKind[]).filter(
  (kind) => specSchemas[kind] !== undefined,
);

/** Objects of a kind, with all of its fields, that istiod mostly takes: what is wrong is one thing or two. */
export function arbitraryObject(kind: IstioKind): fc.Arbitrary<JsonObject> {
  const schema = specSchemas[kind];
  return drawn((draw) => {
    const faults = draw.pick([0, 1, 1, 2]);
    const drawer = new Drawer(draw, kind, faults, draw.pick([1, 3, 9]));
    const spec = schema === undefined ? {} : drawer.value(schema, "spec", 0);
    return {
      apiVersion: istioKinds[kind].apiVersion,
      kind,
      metadata: { name: draw.pick(["a", "b", "a.b"]), namespace: "shop" },
      spec,
    };
  });
}

/** Numbers that fields of a name take. */
const usualNumbers: readonly (readonly [RegExp, readonly [number, ...number[]]])[] = [
  [/redirectCode/, [301, 308]],
  [/status|code/i, [200, 301, 503]],
  [/weight/, [50, 50, 100, 0]],
];

/** Draws values of a schema, with so many faults at most. Where they are rare, they are deep in the object as well. */
class Drawer {
  /** The fields of the spec. */
  private top: ReadonlySet<string> = new Set();

  constructor(
    private readonly draw: Draw,
    private readonly kind: IstioKind,
    private faults: number,
    private readonly rarity: number,
  ) {}

  /** Whether something is to be wrong here. */
  private fails(times: number): boolean {
    if (this.faults === 0 || !this.draw.oneIn(times * this.rarity)) return false;
    this.faults -= 1;
    return true;
  }

  value(schema: Schema, name: string, depth: number): unknown {
    const value = this.parts(schema, name, depth);
    const fit = schema.type === "object" ? fitOf(depth === 0 ? this.kind : name) : undefined;
    return fit === undefined || this.fails(4) ? value : fit(value, this.draw);
  }

  private parts(schema: Schema, name: string, depth: number): unknown {
    if ("nullable" in schema && schema.nullable === true && this.draw.oneIn(10)) return null;
    switch (schema.type) {
      case "object":
        return this.object(schema, name, depth);
      case "map": {
        const keys = this.draw.list(this.draw.oneIn(4) ? 0 : 1, 2, () => this.text(`${name}.*`));
        return Object.fromEntries(keys.map((key) => [key, this.value(schema.values, `${name}[]`, depth + 1)]));
      }
      case "array": {
        const most = this.draw.oneIn(3) ? 2 : 1;
        return this.draw.list(this.fails(10) ? 0 : 1, most, () => this.value(schema.items, name, depth + 1));
      }
      case "string":
        return schema.enum === undefined ? this.text(name) : (this.draw.maybe(schema.enum) ?? "");
      case "integer":
      case "number":
        return this.number(name, schema);
      default:
        return this.draw.oneIn(2);
    }
  }

  text(name: string): string {
    return (this.fails(8) ? this.draw.maybe(wrongTextsOf(name)) : undefined) ?? this.draw.pick(usualTexts(name));
  }

  private number(name: string, { minimum = -1, maximum = 101 }: { minimum?: number; maximum?: number }): number {
    const odd = [minimum, minimum - 1, maximum, maximum + 1, -1, 0, 1, 99, 100, 101, 599, 600, 65_535, 65_536] as const;
    if (this.fails(8)) return this.draw.pick(odd);
    return this.draw.pick(usualNumbers.find(([pattern]) => pattern.test(name))?.[1] ?? [1, 80]);
  }

  private object(schema: Schema & { readonly type: "object" }, name: string, depth: number): JsonObject {
    const { properties, required = [] } = schema;
    const fields = this.fields(schema, name, depth);
    for (const field of required) if (!this.fails(30)) fields.add(field);
    return Object.fromEntries(
      Object.entries(properties).flatMap(([field, value]) =>
        fields.has(field) ? [[field, this.value(value, field, depth + 1)]] : [],
      ),
    );
  }

  /** Fields beside those that are required. */
  private fields(
    { properties, required = [], exclusive = [] }: Schema & { readonly type: "object" },
    name: string,
    depth: number,
  ): Set<string> {
    // Deep objects have few fields, so that the whole stays small, and one mostly, so that something is deep.
    const times = depth < 1 ? 2 : depth < 4 ? 3 : 4;
    const optional = Object.keys(properties).filter((field) => !required.includes(field));
    const looked = this.draw.oneIn(4) ? undefined : this.draw.maybe(optional);
    const fields = new Set(optional.filter((field) => field === looked || this.draw.oneIn(times)));
    const choose = fieldChoices[this.kind]?.[name];
    const hasRules = exclusive.length > 0 || choose !== undefined;
    if (hasRules && !this.fails(6)) {
      for (const group of exclusive) {
        const kept = this.draw.maybe(group.filter((field) => fields.has(field)));
        for (const field of group) if (field !== kept) fields.delete(field);
      }
      choose?.(fields, this.draw, name === "spec" ? fields : this.top);
    }
    if (name === "spec") this.top = new Set(fields);
    return fields;
  }
}
