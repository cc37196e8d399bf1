import { type Finding } from "../../analysis/finding";
import { isControlled } from "../../cluster/endpoints";
import { type OsmMesh } from "../mesh";
import { keyOf } from "../state";

/** Protocols that are not HTTP, by what people call their ports, and their usual ports. */
const otherProtocols: readonly {
  readonly names: readonly string[];
  readonly ports: readonly number[];
  /** The server sends the first bytes. */
  readonly serverFirst?: true;
}[] = [
  { names: ["tcp"], ports: [] },
  { names: ["https", "tls", "ssl"], ports: [443, 8443] },
  { names: ["mongo", "mongodb"], ports: [27017] },
  { names: ["mysql", "mariadb"], ports: [3306], serverFirst: true },
  { names: ["postgres", "postgresql", "pgsql", "pg"], ports: [5432] },
  { names: ["mssql", "sqlserver"], ports: [1433] },
  { names: ["sql", "db"], ports: [] },
  { names: ["redis"], ports: [6379] },
  { names: ["memcache", "memcached"], ports: [11211] },
  { names: ["amqp", "amqps", "rabbitmq"], ports: [5672, 5671] },
  { names: ["kafka"], ports: [9092] },
  { names: ["mqtt"], ports: [1883] },
  { names: ["nats"], ports: [4222] },
  { names: ["zookeeper", "zk"], ports: [2181] },
  { names: ["cassandra", "cql"], ports: [9042] },
  { names: ["smtp"], ports: [25, 587], serverFirst: true },
  { names: ["ftp", "sftp", "ssh"], ports: [21, 22], serverFirst: true },
  { names: ["ldap", "ldaps"], ports: [389, 636] },
  { names: ["dns"], ports: [53] },
];

/** Ports that are not TCP, and those that OSM takes for HTTP only because their name says nothing that it knows (pkg/k8s/client.go). */
export function portNameFindings(mesh: OsmMesh): readonly Finding[] {
  const found: Finding[] = [];
  for (const service of mesh.state.services.values()) {
    // Without a selector nothing of the mesh is behind it.
    if (!isControlled(service) || service.assumed || !mesh.state.isMonitored(service.namespace)) continue;
    for (const { name, port, appProtocol, transport } of service.ports) {
      if (transport !== "TCP") {
        found.push({
          severity: "warning",
          rule: "port-not-tcp",
          object: `Service ${keyOf(service.namespace, service.name)}`,
          property: "spec.ports",
          message: `Sidecars take TCP only: what is sent to port ${String(port)} by ${transport} goes around the mesh, from anybody, in plain text, whatever TrafficTargets say.`,
          remedy: "Guard it with a NetworkPolicy.",
        });
      }
      if (appProtocol !== undefined || transport !== "TCP" || /^(http|grpc|tcp|tcp-server-first)-/.test(name)) continue;
      const words = name.toLowerCase().split(/[^a-z]+/);
      // Who writes http in the name means it.
      if (words.some((word) => ["http", "web", "grpc"].includes(word))) continue;
      const other =
        otherProtocols.find(({ names }) => names.some((one) => words.includes(one))) ??
        otherProtocols.find(({ ports }) => ports.includes(port));
      if (other === undefined) continue;
      const protocol = other.serverFirst === true ? "tcp-server-first" : "tcp";
      found.push({
        severity: "warning",
        rule: "port-read-as-http",
        object: `Service ${keyOf(service.namespace, service.name)}`,
        property: "spec.ports",
        message: `OSM takes port ${String(port)}${name === "" ? "" : `, ${name},`} for HTTP: a port is TCP only by its appProtocol or a name that begins with tcp-. Bytes that are not HTTP end the connection.`,
        remedy: `Write appProtocol: ${protocol}; if it is HTTP, appProtocol: http.`,
      });
    }
  }
  return found;
}
