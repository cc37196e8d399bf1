import { readFileSync } from "node:fs";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** What the test varies, as JSON in the variable SETTINGS. */
interface Settings {
  readonly team?: string;
  readonly colour?: string;
  readonly replicas?: number;
  readonly size?: number;
  readonly force?: boolean;
  /** Port of the Service. */
  readonly port?: number;
  /** Arguments of a second Service. */
  readonly service: k8s.core.v1.ServiceArgs;
  /** Writes a field that containers do not have. */
  readonly misspelt?: boolean;
  readonly nodeSelector?: Record<string, string>;
}

const settings = JSON.parse(process.env["SETTINGS"] ?? "") as Settings;
const kubeconfig = pulumi.secret(readFileSync(process.env["TEST_KUBECONFIG"] ?? "", "utf8"));
const provider = new k8s.Provider("cluster", { kubeconfig });
const options = { provider };

const shop = new k8s.core.v1.Namespace(
  "shop",
  { metadata: { name: "shop", labels: { team: settings.team ?? "a" } } },
  options,
);
const namespace = shop.metadata.name;
const account = new k8s.core.v1.ServiceAccount("account", { metadata: { name: "web", namespace } }, options);
const colours = new k8s.core.v1.ConfigMap(
  "colours",
  { metadata: { namespace }, data: { colour: settings.colour ?? "red" } },
  options,
);
new k8s.core.v1.Secret(
  "password",
  { metadata: { name: "password", namespace }, stringData: { password: "plain-hunter2" } },
  options,
);

const labels = { app: "web" };
new k8s.apps.v1.Deployment(
  "web",
  {
    metadata: {
      name: "web",
      namespace,
      annotations: settings.force === true ? { "pulumi.com/patchForce": "true" } : {},
    },
    spec: {
      replicas: settings.replicas ?? 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: account.metadata.name,
          nodeSelector: settings.nodeSelector ?? {},
          containers: [
            {
              name: "web",
              image: "web:1",
              ports: [{ containerPort: 80 }],
              resources: { limits: { cpu: "0.5", memory: "1024Mi" } },
              ...(settings.misspelt === true ? { imagePullPolicie: "Always" } : {}),
              envFrom: [{ configMapRef: { name: colours.metadata.name } }],
            },
          ],
        },
      },
    },
  },
  { ...options, customTimeouts: { create: "60s", update: "8s" } },
);
new k8s.core.v1.Service(
  "web",
  {
    metadata: { name: "web", namespace },
    spec: { selector: labels, ports: [{ name: "http", port: settings.port ?? 80 }] },
  },
  { ...options, customTimeouts: { create: "60s" } },
);
new k8s.core.v1.Service("bookstore", settings.service, { ...options, dependsOn: shop });
const definition = new k8s.apiextensions.v1.CustomResourceDefinition(
  "widgets",
  {
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { kind: "Widget", plural: "widgets" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                spec: {
                  type: "object",
                  required: ["size"],
                  properties: {
                    size: { type: "integer", minimum: 1 },
                    colour: { type: "string", default: "grey" },
                    extra: { type: "object", x_kubernetes_preserve_unknown_fields: true },
                  },
                },
              },
            },
          },
        },
      ],
    },
  },
  options,
);
new k8s.apiextensions.CustomResource(
  "widget",
  {
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: { name: "one", namespace },
    spec: { size: settings.size ?? 3, extra: { free: "form" } },
  },
  { ...options, dependsOn: definition },
);
new k8s.core.v1.NamespacePatch("patch", { metadata: { name: "default", labels: { patched: "yes" } } }, options);
