import { type WorkloadObject } from "../../components/application";
import { definePolicy } from "../../mesh/policy";
import { type Application, defineApplication } from "../../program/application";
import { type CanaryRule } from "../../rollout";
import { workloads } from "../../stacks/bookstore/workloads";

const web = [{ port: 14001, protocol: "http" }] as const;

const policy = definePolicy({
  services: {
    bookbuyer: { namespace: "bookbuyer", serviceAccount: "bookbuyer" },
    bookthief: { namespace: "bookthief", serviceAccount: "bookthief" },
    bookstore: { namespace: "bookstore", serviceAccount: "bookstore", ports: web },
    bookwarehouse: { namespace: "bookwarehouse", serviceAccount: "bookwarehouse", ports: web },
    mysql: { namespace: "bookwarehouse", serviceAccount: "mysql", ports: [{ port: 3306, protocol: "tcp" }] },
  },
  routes: { bookstore: { all: { methods: ["GET"] } }, bookwarehouse: { restock: { methods: ["POST"] } } },
  access: [
    { name: "buyers", from: ["bookbuyer"], to: "bookstore", routes: ["bookstore/all"] },
    { name: "restock", from: "bookstore", to: "bookwarehouse", routes: ["bookwarehouse/restock"] },
    { name: "mysql", from: "bookwarehouse", to: "mysql", tcp: [3306] },
  ],
});

/** The first version alone, under the name of its Service. */
function single(object: WorkloadObject, environment: Readonly<Record<string, string>>): readonly WorkloadObject[] {
  const text = JSON.stringify(object);
  if (text.includes("bookstore-v2")) return [];
  if (object.kind === "Service" && text.includes('"name":"bookstore-v1"')) return [];
  if (object.kind !== "Deployment" || !text.includes('"name":"bookstore-v1"')) return [object];
  const told = Object.entries(environment).map(([name, value]) => JSON.stringify({ name, value }));
  const changed = text
    .replace('"name":"bookstore-v1"', '"name":"bookstore"')
    .replace('{"name":"IDENTITY"', [...told, '{"name":"IDENTITY"'].join(","));
  return [JSON.parse(changed) as WorkloadObject];
}

/** OSM's sample with one bookstore, whose new versions Flagger lets in. */
export function canaryBookstore({
  environment = {},
  ...canary
}: Omit<CanaryRule, "service"> & { readonly environment?: Readonly<Record<string, string>> }): Application {
  return defineApplication({
    policy,
    workloads: workloads.flatMap((object) => single(object, environment)),
    canaries: [{ service: "bookstore", ...canary }],
  });
}
