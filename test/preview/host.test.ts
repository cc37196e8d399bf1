import { describe, expect, it } from "vitest";
import { hostOf, hostPlaceOf } from "../../preview/host";

/** An engine that answers a question for outputs. */
const engine = (outputs: object | undefined) => ({
  pulumi: (args: readonly string[]) => {
    expect(args).toEqual(["stack", "output", "--json", "--stack", "dev"]);
    return Promise.resolve(
      outputs === undefined
        ? { code: 1, stdout: "", stderr: "error: no stack named 'dev' found" }
        : { code: 0, stdout: JSON.stringify(outputs), stderr: "" },
    );
  },
});

const place = { resourceGroupName: "aks-mesh-dev", clusterName: "aks-mesh-dev" };

describe("the cluster that previews share", () => {
  it("is with Open Service Mesh, or with Istio by revision and tag, as the stack's outputs say", async () => {
    const osm = { ...place, meshVersion: "v1.2.7" };
    expect(await hostOf(engine({ ...osm, namespaces: [] }), "dev")).toEqual(osm);
    const istio = { ...place, meshVersion: "1.30.1", meshRevision: "asm-1-30" };
    expect(await hostOf(engine(istio), "dev")).toEqual(istio);
    const tagged = { ...istio, meshRevisionTag: "prod" };
    expect(await hostOf(engine(tagged), "dev")).toEqual(tagged);
  });

  it("is none without a stack, a cluster or a mesh", async () => {
    for (const outputs of [undefined, {}, { meshVersion: "v1.2.7" }, place]) {
      expect(await hostOf(engine(outputs), "dev")).toBeUndefined();
    }
  });

  it("takes no preview while it is between two meshes, and is found all the same to remove one", async () => {
    // The controller that answers is Istio's by then, and the policies are still those of Open Service Mesh.
    const between = { ...place, meshVersion: "1.30.1", meshMigration: "permissive" };
    await expect(hostOf(engine(between), "dev")).rejects.toThrow(
      /^Stack dev is on its way from one mesh to another.*npx aks-mesh migrate --stack dev/,
    );
    expect(await hostPlaceOf(engine(between), "dev")).toEqual(place);
  });
});
