/** What sidecars take a port for: `auto` is found out connection by connection. */
export type PortProtocol = "http" | "tcp" | "auto" | "udp";

const names: Readonly<Record<string, PortProtocol>> = {
  http: "http",
  http2: "http",
  grpc: "http",
  "grpc-web": "http",
  http_proxy: "http",
  https: "tcp",
  hbone: "tcp",
  mongo: "tcp",
  mysql: "tcp",
  redis: "tcp",
  tls: "tcp",
  tcp: "tcp",
  udp: "udp",
};

/** Ports on which the server speaks first, so that nothing can be found out (pkg/config/kube/conversion.go). */
const serverFirst: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);

const kubernetesNames: Readonly<Record<string, PortProtocol>> = {
  "kubernetes.io/h2c": "http",
  "kubernetes.io/ws": "http",
  "kubernetes.io/wss": "tcp",
};

/** A Service port's protocol: its `appProtocol`, or else the first part of its name, or else its number tells. */
export function protocolOf(port: {
  readonly port: number;
  readonly name: string;
  readonly transport: string;
  readonly appProtocol?: string;
}): PortProtocol {
  if (port.transport === "UDP") return "udp";
  const { appProtocol } = port;
  const kubernetes = appProtocol === undefined ? undefined : kubernetesNames[appProtocol];
  return kubernetes ?? namedProtocol(appProtocol ?? port.name) ?? (serverFirst.has(port.port) ? "tcp" : "auto");
}

/** The protocol that a name begins with; undefined where it is none. */
export function namedProtocol(name: string): PortProtocol | undefined {
  const lower = name.toLowerCase();
  if (lower.startsWith("grpc-web")) return "http";
  const first = lower.split("-")[0] ?? "";
  return Object.hasOwn(names, first) ? names[first] : undefined;
}

/** Whether a name begins with one of the protocols that Istio takes for TLS. */
export function isTls(name: string): boolean {
  return /^(https|tls)(-|$)/i.test(name);
}
