import { describe, expect, test } from "vitest";
import { listAt, valueAt } from "../../mesh/manifests/inside";
import { workloads } from "../../stacks/bookstore/workloads";

const ofKind = (...kinds: string[]) => workloads.filter(({ kind }) => kinds.includes(kind));

describe("the bookstore's workloads", () => {
  test("bear limits, and nothing but their own user's rights, never the sidecar's", () => {
    const pods = ofKind("Deployment", "StatefulSet").map((one) => valueAt(one, "spec", "template", "spec"));
    expect(pods).toHaveLength(6);
    for (const pod of pods) {
      for (const container of listAt(pod, "containers")) {
        expect(container).toMatchObject({
          image: expect.stringMatching(/:[\w.]+$/),
          readinessProbe: expect.anything(),
          resources: {
            requests: { cpu: expect.any(String), memory: expect.any(String) },
            limits: { memory: expect.any(String) },
          },
          securityContext: {
            runAsNonRoot: true,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            readOnlyRootFilesystem: true,
          },
        });
        const user = valueAt(container, "securityContext", "runAsUser");
        expect(user).toBeGreaterThan(0);
        expect(user).not.toBe(1500);
      }
      // OSM's init container runs as root, so the pod itself must not forbid that.
      expect(valueAt(pod, "securityContext", "runAsNonRoot")).toBeUndefined();
      expect(valueAt(pod, "hostNetwork")).toBeUndefined();
    }
  });

  test("a Service's port has its number in its name, as previews of another number need it", () => {
    const ports = ofKind("Service").flatMap((service) => listAt(service, "spec", "ports"));
    expect(ports).toHaveLength(5);
    for (const port of ports) {
      expect(valueAt(port, "name")).toBe(`${String(valueAt(port, "appProtocol"))}-${String(valueAt(port, "port"))}`);
    }
  });
});
