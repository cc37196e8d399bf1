import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Flagger } from "../../../components/flagger";
import { allRegistered, recordRegistrations, type Registration } from "../registrations";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations();
});
beforeEach(() => {
  registrations.length = 0;
});

const prometheus = "http://prometheus.monitoring.svc:9090";

async function made(
  mesh: "osm" | "istio",
  image?: string,
): Promise<(kind: string) => readonly Registration["inputs"][]> {
  new Flagger("flagger", { mesh, prometheus, ...(image && { image }) });
  await allRegistered();
  return (kind) => registrations.filter(({ type }) => type.endsWith(`:${kind}`)).map(({ inputs }) => inputs);
}

describe("Flagger", () => {
  test("runs outside the mesh, confined, and asks the Prometheus that it is given", async () => {
    const ofKind = await made("osm");
    expect(ofKind("Namespace")).toMatchObject([
      { metadata: { name: "flagger-system", labels: { "pod-security.kubernetes.io/enforce": "restricted" } } },
    ]);
    expect(ofKind("Deployment")).toMatchObject([
      {
        spec: {
          strategy: { type: "Recreate" },
          template: {
            spec: {
              serviceAccountName: "flagger",
              securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
              containers: [
                {
                  image: "ghcr.io/fluxcd/flagger:1.36.1",
                  args: expect.arrayContaining([
                    "-mesh-provider=osm",
                    `-metrics-server=${prometheus}`,
                    "-enable-config-tracking=false",
                  ]) as string[],
                  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
                },
              ],
            },
          },
        },
      },
    ]);
  });

  test("may everywhere read its own objects alone, and nowhere read Secrets", async () => {
    const ofKind = await made("istio", "acme.azurecr.io/flagger:1.36.1");
    const roles = ofKind("ClusterRole") as unknown as readonly {
      readonly metadata: { readonly name: string };
      readonly rules: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[];
    }[];
    const bound = (ofKind("ClusterRoleBinding") as unknown as readonly { roleRef: { name: string } }[]).map(
      ({ roleRef }) => roleRef.name,
    );
    const everywhere = roles.filter(({ metadata }) => bound.includes(metadata.name)).flatMap(({ rules }) => rules);
    expect(new Set(everywhere.flatMap(({ apiGroups }) => apiGroups))).toEqual(new Set(["flagger.app"]));
    expect(new Set(everywhere.flatMap(({ verbs }) => verbs))).toEqual(new Set(["get", "list", "watch"]));
    const all = roles.flatMap(({ rules }) => rules);
    expect(all.flatMap(({ resources }) => resources)).not.toContain("secrets");
    expect(all.flatMap(({ resources }) => resources)).toContain("virtualservices");
    expect(all.flatMap(({ resources }) => resources)).not.toContain("trafficsplits");
    expect(JSON.stringify(ofKind("Deployment"))).toContain("acme.azurecr.io/flagger:1.36.1");
  });

  test("brings its three kinds, with the status apart", async () => {
    const ofKind = await made("osm");
    const name = ({ metadata }: Registration["inputs"]): string => (metadata as { name: string }).name;
    const definitions = [...ofKind("CustomResourceDefinition")].sort((a, b) => name(a).localeCompare(name(b)));
    expect(definitions).toMatchObject(
      ["alertproviders", "canaries", "metrictemplates"].map((plural) => ({
        metadata: { name: `${plural}.flagger.app` },
        spec: { names: { plural }, versions: [{ name: "v1beta1", subresources: { status: {} } }] },
      })),
    );
  });
});
