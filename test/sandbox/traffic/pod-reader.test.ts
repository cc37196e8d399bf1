import { expect, it } from "vitest";
import { type Pod } from "../../../sandbox/traffic/objects";
import { podReader } from "../../../sandbox/traffic/pod-reader";

function pod(uid: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `shop-${uid}`, namespace: "shop", uid },
    spec: { containers: [] },
  };
}

it("gives a pod the ConfigMap as it was when it first asked, and a later pod the one that is there by then", async () => {
  const map = { data: { "root-cert.pem": "first" } };
  const reader = podReader(
    {
      // Parsed anew, as every answer is.
      find: <T>(path: string) =>
        Promise.resolve(path.endsWith("/shop/configmaps/root") ? (JSON.parse(JSON.stringify(map)) as T) : undefined),
      request: () => Promise.reject(new Error("nothing is asked for")),
    },
    undefined,
  );
  expect(await reader.configMap(pod("1"), "root")).toEqual({ "root-cert.pem": "first" });
  map.data["root-cert.pem"] = "second";
  expect(await reader.configMap(pod("1"), "root")).toEqual({ "root-cert.pem": "first" });
  expect(await reader.configMap(pod("2"), "root")).toEqual({ "root-cert.pem": "second" });
  expect(await reader.configMap(pod("2"), "another")).toEqual({});
});
