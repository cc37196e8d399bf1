import * as pulumi from "@pulumi/pulumi";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Application, type ApplicationArgs, type ApplicationRollout } from "../../../components/application";
import { allRegistered, recordRegistrations, type Registration, valueOf } from "../registrations";
import { bookstoreArgs } from "./bookstore-args";

let registrations: Registration[];
beforeAll(async () => {
  registrations = await recordRegistrations();
});
beforeEach(() => {
  registrations.length = 0;
});

const rollout: ApplicationRollout = {
  ...{ namespace: "bookstore", root: "bookstore", stable: "bookstore-v1", canary: "bookstore-v2" },
  ...{ weight: 25, name: "bookstore-split" },
};

/** The sample without its split, with a rollout in its place. */
function args(changes: Partial<ApplicationRollout> = {}, mesh: "osm" | "istio" = "osm"): ApplicationArgs {
  const { policy = { services: {} }, ...others } = bookstoreArgs({ mesh });
  return {
    ...others,
    policy: { ...policy, splits: [] },
    rollouts: [{ ...rollout, ...changes }],
    ...(mesh === "istio" && { istio: { revision: "asm-1-30" } }),
  };
}

/** The same where version 2 is another account's, which bookbuyer may not call. */
function closed(changes: Partial<ApplicationRollout>, mesh: "osm" | "istio" = "osm"): ApplicationArgs {
  const { policy = { services: {} }, ...others } = args(changes, mesh);
  const access = policy.access?.filter(({ to }) => to !== "bookstore-v2");
  return { ...others, guarantees: [], policy: { ...policy, access } };
}

/** The same with the root's ports of a protocol. */
function of(protocol: "http" | "tcp", changes: Partial<ApplicationRollout>): ApplicationArgs {
  const { policy = { services: {} }, workloads = [], ...others } = args(changes);
  if (protocol === "http") return { ...others, policy, workloads };
  return {
    ...others,
    guarantees: [],
    policy: { services: policy.services },
    workloads: workloads.map((object) =>
      object.kind === "Service"
        ? (JSON.parse(
            JSON.stringify(object).replaceAll('"appProtocol":"http"', '"appProtocol":"tcp"'),
          ) as typeof object)
        : object,
    ),
  };
}

const registered = (kind: string): Registration =>
  registrations.find(({ type }) => type.endsWith(`:${kind}`)) ?? expect.fail(`no ${kind}`);

describe("an application with a rollout", () => {
  test.each([
    [0, "http", [100, 0]],
    [25, "http", [75, 25]],
    [100, "http", [0, 100]],
    [0, "tcp", [100]],
    [100, "tcp", [100]],
  ] as const)(
    "splits calls at %i % of %s, and keeps who gets none where Envoy takes that",
    async (weight, protocol, weights) => {
      const { access } = new Application("b", of(protocol, { weight }));
      await valueOf(access);
      await allRegistered();
      expect(registered("TrafficSplit").inputs).toMatchObject({
        metadata: { name: "bookstore-split", namespace: "bookstore" },
        spec: { service: "bookstore" },
      });
      const { backends } = registered("TrafficSplit").inputs["spec"] as { backends: { weight: number }[] };
      expect(backends.map(({ weight: share }) => share)).toEqual(weights);
    },
  );

  test("changes no policy of Istio's by its steps: both versions answer to the root before and after", async () => {
    const policies: unknown[] = [];
    for (const weight of [0, 25, 100]) {
      registrations.length = 0;
      const { access } = new Application("b", args({ weight }, "istio"));
      await valueOf(access);
      await allRegistered();
      const made = registrations.filter(({ type }) => type.endsWith(":AuthorizationPolicy"));
      policies.push(Object.fromEntries(made.map(({ name, inputs }) => [name, inputs])));
    }
    expect(JSON.stringify(policies[0])).toContain("bookstore-v2");
    expect(policies[1]).toEqual(policies[0]);
    expect(policies[2]).toEqual(policies[0]);
  });

  test("does so on Istio", async () => {
    const { access } = new Application("b", args({}, "istio"));
    await valueOf(access);
    await allRegistered();
    const routes = JSON.stringify(
      registrations.filter(({ type }) => type.endsWith(":VirtualService")).map(({ inputs }) => inputs),
    );
    expect(routes).toMatch(/"weight":75/);
    expect(routes).toMatch(/"weight":25/);
  });

  test("goes with its namespaces", async () => {
    new Application("b", { ...args(), namespaces: { prefix: "pr-1-" } });
    await allRegistered();
    expect(registered("TrafficSplit").inputs).toMatchObject({ metadata: { namespace: "pr-1-bookstore" } });
  });

  test("has the weights of its root alone", () => {
    const split = { root: "bookstore", backends: { "bookstore-v1": 1 } };
    const { policy = { services: {} }, ...others } = args();
    expect(() => new Application("b", { ...others, policy: { ...policy, splits: [split] } })).toThrow(
      "rollouts[0]: policy.splits has bookstore, and the weights of bookstore/bookstore are the rollout's: one of the two has to go.",
    );
    const manifest = {
      ...{
        apiVersion: "split.smi-spec.io/v1alpha2",
        kind: "TrafficSplit",
        metadata: { name: "s", namespace: "bookstore" },
      },
      spec: { service: "bookstore.bookstore.svc.cluster.local", backends: [{ service: "bookstore-v1", weight: 1 }] },
    };
    expect(() => new Application("b", { ...args(), manifests: [manifest] })).toThrow(
      "rollouts[0]: there is the TrafficSplit bookstore/s",
    );
    const ofFlagger = {
      ...{ apiVersion: "flagger.app/v1beta1", kind: "Canary", metadata: { name: "c", namespace: "bookstore" } },
      spec: { service: { name: "bookstore" } },
    };
    expect(() => new Application("b", { ...args(), manifests: [ofFlagger] })).toThrow(
      "rollouts[0]: there is the Canary bookstore/c, and the weights of bookstore/bookstore are the rollout's",
    );
    const elsewhere = { ...manifest, metadata: { name: "s", namespace: "bookwarehouse" } };
    expect(() => new Application("b", { ...args(), manifests: [elsewhere] })).not.toThrow(/rollouts/);
  });

  test.each([-1, 101, 0.5])("refuses the weight %d", (weight) => {
    expect(() => new Application("b", args({ weight }))).toThrow("write whole percent, 0 to 100");
  });
});

describe("before a canary gets calls it is proved that every caller may reach both versions", () => {
  test("and refused where one may not, with a call that shows it", () => {
    expect(() => new Application("b", closed({ weight: 1 }))).toThrow(
      /calls to bookstore\/bookstore do not end alike at bookstore-v2 and at bookstore-v1.*\n- closes: bookbuyer\/bookbuyer .*\nLet who may call bookstore-v1 call bookstore-v2 as well/s,
    );
  });

  test("where it gets all of them, too, as there would be no way back", () => {
    const { policy = { services: {} }, ...others } = args({ weight: 100 });
    const access = policy.access?.filter(({ to }) => to !== "bookstore-v1");
    expect(() => new Application("b", { ...others, guarantees: [], policy: { ...policy, access } })).toThrow(
      /- opens: bookbuyer/,
    );
  });

  test("on Istio, too", () => {
    expect(() => new Application("b", closed({}, "istio"))).toThrow("do not end alike at bookstore-v2");
  });

  test("and said where it gets none: the way back is never closed", async () => {
    const warned = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    new Application("b", closed({ weight: 0 }));
    await allRegistered();
    expect(warned.mock.calls.join()).toContain("do not end alike at bookstore-v2");
    warned.mockRestore();
  });
});

describe("a rollout whose canary gets requests by a header", () => {
  const match = [{ headers: { "x-group": { exact: "beta" } } }];

  test("routes them to it before it gets any by weight", async () => {
    const { access } = new Application("b", args({ weight: 0, match }, "istio"));
    await valueOf(access);
    await allRegistered();
    const routes = registrations.find(
      ({ type, inputs }) =>
        type.endsWith(":VirtualService") && (inputs["metadata"] as { name: string }).name === "bookstore",
    );
    const to = (name: string) => [{ destination: { host: `${name}.bookstore.svc.cluster.local` } }];
    expect(routes?.inputs["spec"]).toMatchObject({
      http: [{ match, route: to("bookstore-v2") }, { route: to("bookstore-v1") }],
    });
  });

  test("is refused on Open Service Mesh", () => {
    expect(() => new Application("b", args({ match }))).toThrow(
      /headerRoutes: Open Service Mesh cannot route by a header/,
    );
  });

  test("is refused where not every caller may do the same at both versions, whatever the weight", () => {
    expect(() => new Application("b", closed({ weight: 0, match }, "istio"))).toThrow(
      /calls to bookstore\/bookstore do not end alike at bookstore-v2/,
    );
  });
});
