import { describe, expect, test } from "vitest";
import { madeByFlagger } from "../../../mesh/flagger/made";
import { type KubernetesObject } from "../../../mesh/manifests";

const metadata = { name: "cart", namespace: "shop" };
const deployment: KubernetesObject = Object.assign(
  { apiVersion: "apps/v1", kind: "Deployment", metadata },
  {
    spec: {
      selector: { matchLabels: { app: "cart" } },
      template: { metadata: { labels: { app: "cart", tier: "web" } } },
    },
  },
);

function made(spec: object) {
  const service: KubernetesObject = Object.assign({ apiVersion: "v1", kind: "Service", metadata }, { spec });
  return madeByFlagger({ service, deployment, label: "app", value: "cart" });
}

describe("what Flagger makes of a Service", () => {
  const ports = [{ name: "http", port: 80, protocol: "TCP", targetPort: 80, appProtocol: "http" }];

  test("is open to nobody outside, even where the Service itself is", () => {
    const { service, others } = made({
      ...{ type: "LoadBalancer", loadBalancerSourceRanges: ["10.0.0.0/8"], selector: { app: "cart" } },
      ports: [{ port: 80, appProtocol: "http" }],
    });
    expect(service).toMatchObject({ spec: { type: "LoadBalancer", selector: { app: "cart-primary" }, ports } });
    expect(others).toMatchObject([
      { metadata: { name: "cart-primary" }, spec: { type: "ClusterIP", selector: { app: "cart-primary" }, ports } },
      { metadata: { name: "cart-canary" }, spec: { type: "ClusterIP", selector: { app: "cart" }, ports } },
      { kind: "Deployment", metadata: { name: "cart-primary" } },
    ]);
    expect(JSON.stringify(others)).not.toContain("loadBalancerSourceRanges");
  });

  test("has the port as it is written", () => {
    const port = { name: "http-web", port: 80, protocol: "TCP", targetPort: "web", appProtocol: "http" };
    const { others } = made({ selector: { app: "cart" }, ports: [port] });
    expect(others[0]).toMatchObject({ spec: { ports: [port] } });
  });

  test("tells the pods of the version in use by one label, and keeps their others", () => {
    const [, , primary] = made({ selector: { app: "cart" }, ports }).others;
    expect(primary).toMatchObject({
      spec: {
        selector: { matchLabels: { app: "cart-primary" } },
        template: { metadata: { labels: { app: "cart-primary", tier: "web" } } },
      },
    });
  });
});
