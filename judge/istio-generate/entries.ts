import { isJsonObject, type JsonObject } from "../../mesh/manifests";
import { listAt, textAt } from "../../mesh/manifests/inside";
import { type Draw } from "../generate/draw";
import { namespaces } from "./names";

/** Places outside of the cluster that the mesh knows, often one of them by several namespaces or by one for each port. */
export function drawServiceEntries(draw: Draw) {
  const names = draw.pick([["e"], ["e", "f"], ["e", "f"], ["e", "f", "g"]]);
  return names.map((name) => drawServiceEntry(draw, name));
}

function drawServiceEntry(draw: Draw, name: string) {
  const resolution = draw.pick(["NONE", "DNS", "STATIC"]);
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name, namespace: draw.pick(namespaces) },
    spec: {
      hosts: ["example.com"],
      location: "MESH_EXTERNAL",
      resolution,
      ports: draw.pick([[http], [tcp], [http], [tcp], [otherHttp], [http, tcp], [otherHttp, tcp]]),
      ...(resolution === "STATIC" && { endpoints: [{ address: "198.51.100.7" }] }),
      ...(draw.oneIn(4) && { exportTo: ["."] }),
    },
  };
}

const http = { number: 80, name: "http", protocol: "HTTP" };
const otherHttp = { number: 81, name: "http-other", protocol: "HTTP" };
const tcp = { number: 5000, name: "tcp", protocol: "TCP" };

/**
 * Gives ServiceEntries of one host and namespace the same of all that istiod wants alike before it puts their ports together: what it makes of others is not
 * followed.
 */
export function withJoinedEntries(objects: readonly unknown[]): readonly unknown[] {
  const first = new Map<string, JsonObject>();
  return objects.map((object) => {
    if (!isJsonObject(object) || object["kind"] !== "ServiceEntry" || !isJsonObject(object["spec"])) return object;
    const { spec } = object;
    const keys = listAt(spec, "hosts").map(
      (host) => `${textAt(object, "metadata", "namespace") ?? ""}/${String(host)}`,
    );
    const known = keys.map((key) => first.get(key)).find((one) => one !== undefined);
    const joined = known === undefined ? spec : like(spec, known);
    for (const key of keys) if (!first.has(key)) first.set(key, joined);
    return { ...object, spec: joined };
  });
}

/** The hosts too, so that each is of all of them. */
function like(spec: JsonObject, { hosts, resolution, exportTo, addresses, endpoints }: JsonObject): JsonObject {
  const { ports, location } = spec;
  return {
    ...Object.fromEntries(
      Object.entries({ hosts, location, ports, resolution, exportTo, addresses }).filter(
        ([, value]) => value !== undefined,
      ),
    ),
    ...(resolution === "STATIC" && { endpoints: spec["endpoints"] ?? endpoints }),
  };
}
