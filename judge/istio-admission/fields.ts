import { type IstioKind } from "../../mesh/istio/kinds";
import { type Draw } from "../generate/draw";

/**
 * Makes of a random choice of an object's fields one that istiod takes, where it asks for more than the schema.
 *
 * @param top the fields of the spec.
 */
type Choice = (fields: Set<string>, draw: Draw, top: ReadonlySet<string>) => void;

/** Leaves one of the names, and puts one in where there is none. */
const exactlyOne =
  (...names: readonly [string, ...string[]]): Choice =>
  (fields, draw) => {
    const kept = draw.maybe(names.filter((name) => fields.has(name))) ?? draw.pick(names);
    for (const name of names) fields.delete(name);
    fields.add(kept);
  };

/** Puts one of the names in where there is none. */
const someOf =
  (...names: readonly [string, ...string[]]): Choice =>
  (fields, draw) => {
    if (!names.some((name) => fields.has(name))) fields.add(draw.pick(names));
  };

const always =
  (...names: readonly string[]): Choice =>
  (fields) => {
    for (const name of names) fields.add(name);
  };

const never =
  (...names: readonly string[]): Choice =>
  (fields) => {
    for (const name of names) fields.delete(name);
  };

/** Takes names out where another is there. */
const beside =
  (other: string, ...names: readonly string[]): Choice =>
  (fields) => {
    if (fields.has(other)) for (const name of names) fields.delete(name);
  };

const all =
  (...choices: readonly Choice[]): Choice =>
  (fields, draw, top) => {
    for (const choice of choices) choice(fields, draw, top);
  };

/** One without hosts is for others to delegate to. */
const specOfVirtualService: Choice = (fields, draw, top) => {
  if (fields.has("hosts")) someOf("http", "tls", "tcp")(fields, draw, top);
  else all(never("gateways", "tls", "tcp"), always("http"))(fields, draw, top);
};

const httpRoute: Choice = (fields, draw, top) => {
  if (!top.has("hosts")) fields.delete("delegate");
  exactlyOne("route", "redirect", "directResponse", ...(top.has("hosts") ? ["delegate"] : []))(fields, draw, top);
  beside("redirect", "fault", "rewrite")(fields, draw, top);
  beside("directResponse", "fault", "rewrite")(fields, draw, top);
  beside("mirrors", "mirror")(fields, draw, top);
};

/** By kind and by the name of the field that has the object. */
export const fieldChoices: Readonly<Partial<Record<IstioKind, Readonly<Record<string, Choice>>>>> = {
  VirtualService: {
    spec: specOfVirtualService,
    http: httpRoute,
    tls: always("route"),
    tcp: always("route"),
    port: always("number"),
    redirect: all(someOf("uri", "authority", "scheme", "port"), beside("uri", "prefixRewrite")),
    rewrite: all(beside("uri", "uriRegexRewrite"), someOf("uri", "uriRegexRewrite", "authority")),
    uriRegexRewrite: always("match", "rewrite"),
    fault: someOf("delay", "abort"),
    delay: never("exponentialDelay"),
    abort: never("http2Error"),
    retries: always("attempts"),
    allowOrigins: exactlyOne("exact", "prefix", "regex"),
  },
};
