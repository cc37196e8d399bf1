import { type PreviewReport } from "../../../preview/report";

export const commit = "0123456789abcdef0123456789abcdef01234567";

/** A preview that runs, with something of everything. */
export const running: PreviewReport = {
  pullRequest: 12,
  commit,
  stack: "pr-12",
  kind: "shared",
  state: { status: "running" },
  plan: {
    changes: [
      { op: "create", type: "kubernetes:core/v1:Namespace", name: "pr-12-bookstore", noise: false },
      {
        op: "update",
        type: "kubernetes:apps/v1:Deployment",
        name: "bookbuyer",
        properties: ["spec.replicas"],
        noise: false,
      },
      {
        op: "update",
        type: "kubernetes:core/v1:Namespace",
        name: "pr-12-bookbuyer",
        properties: ["metadata.annotations"],
        noise: true,
      },
      { op: "replace", type: "kubernetes:core/v1:Service", name: "bookstore", noise: false },
      { op: "delete", type: "kubernetes:core/v1:ConfigMap", name: "old", noise: false },
    ],
    unchanged: 41,
  },
  access: {
    comparedWith: "main",
    changes: [
      {
        kind: "opens",
        from: "bookthief/bookthief",
        to: "bookstore.bookstore.svc.cluster.local:14001",
        request: {
          from: "bookthief/bookthief",
          to: "bookstore.bookstore.svc.cluster.local:14001",
          protocol: "http",
          method: "GET",
          path: "/buy-a-book/new",
          headers: { "client-app": "bookthief" },
        },
        before: { outcome: "denied", status: 403 },
        after: { outcome: "allowed", status: 200 },
      },
    ],
    guarantees: 2,
    broken: [
      {
        object: "Guarantee no-theft",
        message: "bookthief/bookthief → bookstore.bookstore.svc.cluster.local:14001: a call is allowed.",
        request: {
          from: "bookthief/bookthief",
          to: "bookstore.bookstore.svc.cluster.local:14001",
          protocol: "http",
          path: "/x",
        },
        remedy: "Take the source out of the TrafficTarget.",
      },
    ],
  },
  addresses: [{ name: "bookbuyer", url: "https://pr-12.example.org/" }],
  health: { ready: 4, total: 5, problems: ["bookwarehouse: image cannot be pulled"] },
  expires: "2026-11-24T10:00:00.000Z",
  cost: { currency: "USD", total: 0, parts: [{ name: "pr-12", what: "no Azure resources of its own", amount: 0 }] },
  outputs: [
    { name: "namespaces", secret: false, value: '["pr-12-bookstore"]' },
    { name: "kubeconfig", secret: true },
  ],
};
