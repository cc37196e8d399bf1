import type { JsonGeneralName } from "@peculiar/x509";
import type { CertificateSubject } from "./certificates";

/** Users of the API server that the sandbox itself has, by name of the certificate and kubeconfig. */
export const kubernetesUsers = {
  admin: { CN: "masterclient", O: ["system:masters"] },
  // Its controllers would else need a service account and connections of their own each.
  "system:kube-controller-manager": { CN: "system:kube-controller-manager", O: ["system:masters"] },
  "system:kube-scheduler": { CN: "system:kube-scheduler" },
  // KWOK acts as all kubelets at once, which no node's identity may.
  kwok: { CN: "kwok", O: ["system:masters"] },
  // OSM runs outside of the cluster, so it gets its service account's name by certificate in place of a token.
  osm: {
    CN: "system:serviceaccount:kube-system:osm",
    O: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
  },
} as const;

export type KubernetesUser = keyof typeof kubernetesUsers;

/** The certificates of one control plane. */
export function certificateSubjects(serviceCidr: string): CertificateSubject[] {
  const local: JsonGeneralName[] = [
    { type: "dns", value: "localhost" },
    { type: "ip", value: "127.0.0.1" },
  ];
  const inCluster = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
  ];
  return [
    {
      name: "kube-apiserver",
      subject: { CN: "kube-apiserver" },
      hosts: [
        ...local,
        ...inCluster.map((value): JsonGeneralName => ({ type: "dns", value })),
        { type: "ip", value: firstAddress(serviceCidr) },
      ],
    },
    { name: "etcd", subject: { CN: "etcd" }, hosts: local },
    { name: "etcd-client", subject: { CN: "kube-apiserver" } },
    ...Object.entries(kubernetesUsers).map(([name, subject]) => ({ name, subject })),
  ];
}

/** The first host address of an IPv4 range: the ClusterIP of the Service "kubernetes". */
export function firstAddress(cidr: string): string {
  const [network = ""] = cidr.split("/");
  const bytes = network.split(".").map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255))) {
    throw new Error(`serviceCidr: ${cidr} is not an IPv4 range such as 10.0.0.0/16`);
  }
  bytes[3] = (bytes[3] ?? 0) + 1;
  return bytes.join(".");
}
