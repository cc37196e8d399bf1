import { type FencePolicy, inPreviews, literal, numberOfRequest } from "./policy";

const operations = ["CREATE", "UPDATE"];

/** An object is for the sidecars of its own namespace. */
const isForItself = "object.spec.?exportTo.orValue([]) == ['.']";

/** A host is a Service of the same preview, under a name without wildcards. */
const isOfPreview = (host: string): string =>
  `(${host}.matches('^[a-z0-9-]+$')` +
  ` || ${host}.matches('^[a-z0-9-]+[.]pr-' + ${numberOfRequest} + '-[a-z0-9-]+([.]svc([.]cluster[.]local)?)?$'))`;

/**
 * Annotations by which a pod brings a sidecar of its own, or tells the mesh's one what nobody looks at: images, templates, volumes, and the
 * files it begins with.
 */
const ofSidecars = [
  ...["inject.istio.io/templates", "proxy.istio.io/config", "sidecar.istio.io/bootstrapOverride"],
  ...["sidecar.istio.io/proxyImage", "sidecar.istio.io/userVolume", "sidecar.istio.io/userVolumeMount"],
];

/**
 * What previews may tell Istio. A VirtualService or a ServiceEntry is for the sidecars of all namespaces unless it says otherwise (exportTo), and
 * so could lead away what the shared workloads call; pods could take another image for the sidecar, which no registry of previews has.
 */
export function istioPolicies(): readonly FencePolicy[] {
  const networking = { apiGroups: ["networking.istio.io"], apiVersions: ["*"], operations };
  return [
    {
      name: "routes",
      rules: [{ ...networking, resources: ["virtualservices"] }],
      conditions: inPreviews,
      validations: {
        "VirtualServices of previews are for Services of the same preview, or for the sidecars of their own namespace: write exportTo [.] there.": `${isForItself} || size(object.spec.?hosts.orValue([])) > 0 && object.spec.hosts.all(host, ${isOfPreview("host")})`,
        "VirtualServices of previews are for sidecars: leave gateways out.":
          "object.spec.?gateways.orValue([]).all(gateway, gateway == 'mesh')",
      },
    },
    {
      name: "outside-hosts",
      rules: [{ ...networking, resources: ["serviceentries"] }],
      conditions: inPreviews,
      validations: {
        "ServiceEntries of previews are for the sidecars of their own namespace: write exportTo [.].": isForItself,
      },
    },
    {
      name: "sidecars",
      rules: [
        { apiGroups: [""], apiVersions: ["v1"], operations, resources: ["pods"] },
        {
          apiGroups: ["apps"],
          apiVersions: ["v1"],
          operations,
          resources: ["daemonsets", "deployments", "statefulsets"],
        },
        { apiGroups: ["batch"], apiVersions: ["v1"], operations, resources: ["jobs"] },
      ],
      conditions: inPreviews,
      variables: {
        annotations:
          "request.kind.kind == 'Pod' ? object.metadata.?annotations.orValue({}) : object.spec.template.?metadata.?annotations.orValue({})",
      },
      validations: {
        [`Pods of previews take the mesh's sidecar as it is: leave ${ofSidecars.join(", ")} out.`]: `variables.annotations.all(key, !(key in ${literal(ofSidecars)}))`,
      },
    },
  ];
}
