import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { revisionTagService, revisionTagWebhook, tagProblem } from "../../../components/istio-mesh/revision-tag";

interface Recorded {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels: Record<string, string> };
  readonly webhooks?: { readonly clientConfig: { readonly caBundle?: string } }[];
  readonly spec?: { readonly ports: { readonly targetPort?: number }[] };
}

/** What istioctl made, without what is its own: the chart and who manages it, the certificate authority of the moment, and zero values. */
const [webhook, service] = parseAllDocuments(readFileSync(join(__dirname, "istioctl-tag.yaml"), "utf8")).map(
  (document) => {
    const { apiVersion, kind, metadata, webhooks, spec } = document.toJS() as Recorded;
    const own = ["app.kubernetes.io/managed-by", "app.kubernetes.io/version", "helm.sh/chart"];
    const labels = Object.entries(metadata.labels).filter(([key]) => !own.includes(key));
    return {
      ...{ apiVersion, kind, metadata: { ...metadata, labels: Object.fromEntries(labels) } },
      ...(webhooks && {
        webhooks: webhooks.map(({ clientConfig: { caBundle, ...clientConfig }, ...rest }) => {
          expect(caBundle).toBe("Y2E=");
          return { ...rest, clientConfig };
        }),
      }),
      ...(spec && {
        spec: {
          ...spec,
          ports: spec.ports.map(({ targetPort, ...port }) => (targetPort ? { ...port, targetPort } : port)),
        },
      }),
    };
  },
);

it("makes a tag as istioctl does", () => {
  const { metadata, ...ours } = revisionTagWebhook("prod", "asm-1-30");
  const { annotations, ...named } = metadata;
  expect({ ...ours, metadata: named }).toEqual(webhook);
  expect(annotations).toEqual({ "pulumi.com/waitFor": "jsonpath={.webhooks[1].clientConfig.caBundle}" });
  expect(revisionTagService("prod", "asm-1-30")).toEqual(service);
});

it.each([
  ["asm-1-30", /name of a revision/],
  ["default", /istio-injection=enabled/],
  ["Prod", /lower-case letter/],
  ["1st", /lower-case letter/],
  ["prod-", /no hyphen at the end/],
  ["p".repeat(44), /43 in all/],
])("refuses the tag %s", (tag, message) => {
  expect(tagProblem(tag)).toMatch(message);
});

it.each(["prod", "prod-stable", "p", "p".repeat(43), "asm"])("takes the tag %s", (tag) => {
  expect(tagProblem(tag)).toBeUndefined();
});
