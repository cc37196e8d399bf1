import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PreviewFence, type PreviewFenceArgs } from "../../../components/preview-fence";
import { allRegistered, recordRegistrations, type Registration } from "../registrations";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations();
});
beforeEach(() => {
  registrations.length = 0;
});

const args: PreviewFenceArgs = {
  user: "11111111-0000-0000-0000-000000000001",
  label: "aks-mesh/preview",
  registries: ["acme.azurecr.io/previews"],
  isolation: { quota: { pods: "10" }, containerDefaults: { requests: { cpu: "10m" } } },
};

describe("PreviewFence", () => {
  it("gives rights only once all policies are bound, and none to read or change Secrets everywhere", async () => {
    new PreviewFence("fence", args);
    await allRegistered();
    const [right] = registrations.filter(({ type }) => type.endsWith(":ClusterRoleBinding"));
    const bound = registrations.filter(({ type }) => type.endsWith(":ValidatingAdmissionPolicyBinding"));
    expect(bound.length).toBeGreaterThan(10);
    expect(right?.dependsOn).toEqual(expect.arrayContaining(bound.map(({ name }) => name)));
    for (const { inputs } of bound) expect(inputs["spec"]).toMatchObject({ validationActions: ["Deny"] });
    const role = registrations.find(({ type, name }) => type.endsWith(":ClusterRole") && name === "fence");
    const rules = role?.inputs["rules"];
    const secrets = (Array.isArray(rules) ? rules : []).filter((rule) => JSON.stringify(rule).includes('"secrets"'));
    expect(secrets).toEqual([{ apiGroups: [""], resources: ["secrets"], verbs: ["create"] }]);
  });

  it("gives rights to the kinds of the cluster's mesh alone, and of Istio to none that reaches beyond a namespace's sidecars", async () => {
    new PreviewFence("osm", args);
    new PreviewFence("istio", { ...args, mesh: "istio" });
    await allRegistered();
    const role = (name: string) =>
      JSON.stringify(registrations.find((one) => one.type.endsWith(":ClusterRole") && one.name === name)?.inputs);
    expect(role("osm")).toContain("access.smi-spec.io");
    expect(role("osm")).not.toContain("istio.io");
    expect(role("istio")).toContain("virtualservices");
    expect(role("istio")).not.toMatch(/smi-spec|openservicemesh|gateways|envoyfilters|wasmplugins|workloadentries/);
    const policies = (name: string) =>
      registrations.filter((one) => one.type.endsWith(":ValidatingAdmissionPolicy") && one.name.startsWith(`${name}-`));
    expect(policies("istio").length).toBe(policies("osm").length + 3);
  });

  it("lets out of previews' namespaces what is said for the cluster's mesh alone", async () => {
    const both = {
      ...{ from: "cart/cart", to: "stock/stock", port: 8080, routes: ["group/match"] },
      ...{ selector: { app: "stock" }, operations: [{ methods: ["GET"] }] },
    };
    new PreviewFence("osm", { ...args, reaches: [both] });
    new PreviewFence("istio", { ...args, mesh: "istio", reaches: [both] });
    new PreviewFence("other", { ...args, mesh: "istio", reaches: [{ ...both, selector: undefined }] });
    await allRegistered();
    const place = (name: string) => {
      const text = JSON.stringify(registrations.find((one) => one.name === `${name}-place`)?.inputs["spec"]);
      return text.replaceAll('\\"', "'");
    };
    expect(place("osm")).toContain("cart/cart stock/stock group/match");
    expect(place("osm")).not.toMatch(/istio|matchLabels/);
    expect(place("istio")).toContain("object.spec.?selector.orValue({}) == {'matchLabels':{'app':'stock'}}");
    expect(place("istio")).toContain("== [{'operation':{'ports':['8080'],'methods':['GET']}}]");
    expect(place("istio")).not.toMatch(/smi-spec|group\/match/);
    expect(place("other")).toContain(" && false");
  });

  it.each<[string, Partial<PreviewFenceArgs>]>([
    ["user", { user: "" }],
    ["user", { user: "system:masters" }],
    ["registries", { registries: [] }],
    ["registries", { registries: ["previews"] }],
    ["registries", { registries: ["https://acme.azurecr.io"] }],
  ])("refuses a wrong %s", (property, wrong) => {
    expect(() => new PreviewFence("fence", { ...args, ...wrong })).toThrow(new RegExp(`^${property}: `));
  });
});
