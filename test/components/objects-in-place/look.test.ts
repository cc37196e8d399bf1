import { describe, expect, it } from "vitest";
import { type ExpectedObject, missingObjects } from "../../../components/objects-in-place/look";

const expected: readonly ExpectedObject[] = [
  { apiVersion: "v1", kind: "Namespace", name: "shop" },
  { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "cart" },
  { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "items" },
  { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", namespace: "shop", name: "isolation" },
  { apiVersion: "policy.openservicemesh.io/v1alpha1", kind: "Egress", namespace: "shop", name: "out" },
];

/** An API server that has these objects, by the path of their list. */
function server(lists: Readonly<Record<string, readonly string[]>>, status = 200) {
  const asked: string[] = [];
  return {
    asked,
    request: (_method: string, path: string, _body?: object, accept?: string) => {
      expect(accept).toContain("as=PartialObjectMetadataList");
      asked.push(path);
      const names = lists[path];
      if (names === undefined) return Promise.resolve({ status: 404, body: undefined });
      // As a real one answers: an empty list of names is null.
      const items = names.length === 0 ? null : names.map((name) => ({ metadata: { name } }));
      return Promise.resolve({ status, body: { items } });
    },
  };
}

const all = {
  "/api/v1/namespaces": ["default", "shop"],
  "/apis/apps/v1/namespaces/shop/deployments": ["cart", "items", "another"],
  "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies": ["isolation"],
  "/apis/policy.openservicemesh.io/v1alpha1/namespaces/shop/egresses": ["out"],
};

describe("a look at what is in the cluster", () => {
  it("finds all of it with one request for each kind and namespace", async () => {
    const { request, asked } = server(all);
    expect(await missingObjects(request, expected)).toEqual([]);
    expect(asked.sort()).toEqual(Object.keys(all).sort());
  });

  it("names what is gone, a kind that is no longer served included", async () => {
    const rest = Object.fromEntries(Object.entries(all).filter(([path]) => !path.endsWith("egresses")));
    const { request } = server({ ...rest, "/apis/apps/v1/namespaces/shop/deployments": ["items"] });
    expect(await missingObjects(request, expected)).toEqual(["Deployment shop/cart", "Egress shop/out"]);
  });

  it("names everything where a list is empty", async () => {
    const { request } = server({ ...all, "/apis/apps/v1/namespaces/shop/deployments": [] });
    expect(await missingObjects(request, expected)).toEqual(["Deployment shop/cart", "Deployment shop/items"]);
  });

  it("logs in by its first request, before any other begins", async () => {
    const { request, asked } = server(all);
    const beside: number[] = [];
    await missingObjects(async (...sent) => {
      const answer = await request(...sent);
      await Promise.resolve();
      beside.push(asked.length);
      return answer;
    }, expected);
    expect(beside[0]).toBe(1);
    expect(asked).toHaveLength(Object.keys(all).length);
  });

  it("does not take a refusal for an empty list", async () => {
    await expect(missingObjects(server(all, 403).request, expected)).rejects.toThrow(/answered 403 to GET/);
  });
});
