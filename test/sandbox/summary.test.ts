import { describe, expect, it } from "vitest";
import { summary } from "../../sandbox/summary";

const outputs = {
  clusterName: "aks-mesh-dev",
  resourceGroupName: "aks-mesh-dev",
  namespaces: ["bookbuyer", "bookstore"],
  access: {
    "bookbuyer/bookbuyer → bookstore/bookstore:14001": { "GET /buy": "allowed", "POST /buy": "90% bookstore/v1" },
  },
};
const osm = { ...outputs, meshVersion: "1.2.5" };
const istio = { ...outputs, meshVersion: "1.29.0", meshRevision: "asm-1-29" };
const said = (of: object): readonly string[] =>
  summary("dev", { code: 0, stdout: JSON.stringify(of), stderr: "" }).split("\n");
/** The commands that are named, without what they show. */
const commands = (of: object): readonly string[] =>
  said(of).flatMap((line) => /^ {2}npm run sandbox -- (.+?) {3,}\S/.exec(line)?.[1] ?? []);

describe("what is said after up", () => {
  it("names Open Service Mesh and its objects", () => {
    expect(said(osm)).toContain("Stack dev is up: cluster aks-mesh-dev in resource group aks-mesh-dev, OSM 1.2.5.");
    expect(commands(osm)[0]).toBe("kubectl get traffictargets -A");
  });

  it("names Istio, its revision and its objects", () => {
    expect(said(istio)).toContain(
      "Stack dev is up: cluster aks-mesh-dev in resource group aks-mesh-dev, Istio 1.29.0 (asm-1-29).",
    );
    expect(commands(istio)[0]).toBe("kubectl get authorizationpolicies -A");
    expect(said(istio).join("\n")).not.toMatch(/OSM|traffictargets/);
  });

  it("names no mesh between two, whose policies nobody enforces", () => {
    const between = { ...osm, access: undefined, meshMigration: "permissive" };
    expect(said(between)[1]).toMatch(/, between two meshes \(permissive\)\.$/);
    expect(said(between).join("\n")).not.toMatch(/OSM|CALLER|traffictargets/);
  });

  it("has a line for each request that passes, the names on the first", () => {
    const at = said(osm).findIndex((line) => line.startsWith("CALLER"));
    expect(said(osm).slice(at + 1, at + 3)).toEqual([
      "bookbuyer/bookbuyer  bookstore/bookstore:14001  GET /buy",
      "                                                POST /buy  90% bookstore/v1",
    ]);
  });

  it("lists all commands in one column", () => {
    expect(commands(osm)).toHaveLength(5);
    const ends = said(osm).flatMap((line) => /^( {2}npm run sandbox -- .+? {3,})\S/.exec(line)?.[1]?.length ?? []);
    expect(new Set(ends).size).toBe(1);
  });
});
