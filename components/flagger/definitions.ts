import type * as kubernetes from "@pulumi/kubernetes";

type DefinitionArgs = kubernetes.apiextensions.v1.CustomResourceDefinitionArgs;
type Schema = kubernetes.types.input.apiextensions.v1.JSONSchemaProps;

const group = "flagger.app";

const text: Schema = { type: "string" };
const whole: Schema = { type: "integer" };
const open: Schema = { type: "object", x_kubernetes_preserve_unknown_fields: true };

/** An object of which some fields are described, and the others taken as they come. */
function partly(properties: Record<string, Schema>, required: string[] = []): Schema {
  return { ...open, properties, ...(required.length > 0 && { required }) };
}

const canary = partly(
  {
    provider: text,
    targetRef: partly({ apiVersion: text, kind: text, name: text }, ["kind", "name"]),
    service: partly({ name: text, port: whole, portName: text, appProtocol: text }, ["port"]),
    analysis: partly(
      {
        interval: text,
        threshold: whole,
        stepWeight: whole,
        maxWeight: whole,
        stepWeights: { type: "array", items: whole },
        metrics: { type: "array", items: partly({ name: text, interval: text }, ["name"]) },
      },
      ["interval", "threshold"],
    ),
  },
  ["targetRef", "service"],
);

const metricTemplate = partly({ provider: partly({ type: text, address: text }, ["type"]), query: text }, ["provider"]);

interface Kind {
  readonly kind: string;
  readonly singular: string;
  readonly plural: string;
  readonly spec: Schema;
  readonly columns?: readonly (readonly [name: string, jsonPath: string])[];
}

const kinds: readonly Kind[] = [
  {
    kind: "Canary",
    singular: "canary",
    plural: "canaries",
    spec: canary,
    columns: [
      ["Status", ".status.phase"],
      ["Weight", ".status.canaryWeight"],
      ["Since", ".status.lastTransitionTime"],
    ],
  },
  { kind: "MetricTemplate", singular: "metrictemplate", plural: "metrictemplates", spec: metricTemplate },
  // Flagger does not start where this kind is missing.
  { kind: "AlertProvider", singular: "alertprovider", plural: "alertproviders", spec: open },
];

/**
 * Definitions of Flagger's three kinds: its names, versions and status subresource, with the fields that are written here described, and all
 * others let through, so that whoever writes Canaries by hand can use all of them.
 */
export const flaggerDefinitions: readonly DefinitionArgs[] = kinds.map(
  ({ kind, singular, plural, spec, columns = [] }) => ({
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, singular, plural },
      scope: "Namespaced",
      versions: [
        {
          name: "v1beta1",
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns.map(([name, jsonPath]) => ({ name, jsonPath, type: "string" })),
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { apiVersion: text, kind: text, metadata: { type: "object" }, spec, status: open },
            },
          },
        },
      ],
    },
  }),
);
