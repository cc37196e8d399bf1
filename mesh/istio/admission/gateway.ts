import { type Report } from "../../analysis/object-report";
import { type Gateway, type GatewayServer } from "../kinds";
import { checkListenerHost } from "./listener-host";
import { isAddress, isLabel, isPort } from "./names";
import { checkProtocols } from "./protocols";
import { checkServerTls, endsTls } from "./server-tls";
import { isSocketPath, socketPath } from "./unix-socket";
import { type Refuse, refusing } from "./webhook";

/** What istiod's webhook refuses of a Gateway (pkg/config/validation, ValidateGateway). */
export function checkGateway({ metadata, spec }: Gateway, report: Report): void {
  const refuse = refusing(report);
  const { servers = [] } = spec;
  if (!isLabel(metadata.name))
    refuse(
      "gateway-name",
      "metadata.name",
      `${JSON.stringify(metadata.name)} is taken for no Gateway`,
      "write up to 63 letters, digits and dashes: no dots",
    );
  if (servers.length === 0) refuse("gateway-server", "spec.servers", "is empty", "write the ports that it opens");
  const names = servers.map(({ port }) => port.name);
  servers.forEach((server, index) => {
    const path = `spec.servers[${String(index)}]`;
    if (names.indexOf(server.port.name) < index)
      refuse(
        "gateway-port",
        `${path}.port.name`,
        `${JSON.stringify(server.port.name)} is there twice`,
        "give the port of each server a name of its own",
      );
    if (server.hosts.length === 0)
      refuse("gateway-host", `${path}.hosts`, "is empty", "write the names under which it is called, or *");
    server.hosts.forEach((host, at) => checkListenerHost(host, "gateway", `${path}.hosts[${String(at)}]`, refuse));
    checkPort(server, path, refuse);
    if (server.tls !== undefined) checkServerTls(server.tls, `${path}.tls`, refuse);
    checkTlsOfProtocol(server, path, refuse);
  });
  checkProtocols(
    servers.map(({ port }) => port),
    (index) => `spec.servers[${String(index)}].port.protocol`,
    report,
  );
}

function checkPort({ port, bind = "" }: GatewayServer, path: string, refuse: Refuse): void {
  const file = socketPath(bind);
  const isSocket = file !== undefined;
  if (isSocket && port.number !== 0)
    refuse("gateway-port", `${path}.port.number`, "is there beside a socket", "write 0, or an address for bind");
  else if (!isSocket && !isPort(port.number))
    refuse("gateway-port", `${path}.port.number`, `${String(port.number)} is no port`, "write 1 to 65535");
  if (isSocket && !isSocketPath(file))
    refuse("gateway-bind", `${path}.bind`, `${JSON.stringify(bind)} is no file`, "write unix:///PATH, or an address");
  if (!isSocket && bind !== "" && !isAddress(bind))
    refuse("gateway-bind", `${path}.bind`, `${JSON.stringify(bind)} is no address`, "write an address, or take it out");
  if (port.name === "") refuse("gateway-port", `${path}.port.name`, "is empty", "name the port");
  if (port.protocol === "")
    refuse("port-protocol", `${path}.port.protocol`, "is empty", "write HTTP, HTTPS, TLS or TCP");
  if ((port.targetPort ?? 0) > 0)
    refuse(
      "gateway-port",
      `${path}.port.targetPort`,
      "means nothing of a Gateway",
      "take it out: the Service of the gateway's pods has it",
    );
}

const requests = ["HTTP", "HTTP2", "HTTP_PROXY", "GRPC", "GRPC-WEB"];

/** TLS goes with protocols that have it; what else a server of plain requests may say is that callers have to use TLS. */
function checkTlsOfProtocol({ port, tls }: GatewayServer, path: string, refuse: Refuse): void {
  const protocol = port.protocol.toUpperCase();
  if (protocol === "HTTPS" || protocol === "TLS") {
    if (tls === undefined)
      refuse(
        "gateway-tls",
        path,
        `has protocol ${protocol} and no tls`,
        "write tls with mode SIMPLE and credentialName, or mode PASSTHROUGH",
      );
    return;
  }
  if (tls === undefined) return;
  if (!requests.includes(protocol))
    refuse("gateway-tls", `${path}.tls`, `is there with protocol ${protocol}`, "write protocol TLS, or take it out");
  else if (endsTls(tls) || [tls.caCertificates, tls.privateKey, tls.serverCertificate].some((file = "") => file !== ""))
    refuse(
      "gateway-tls",
      `${path}.tls`,
      `is there with protocol ${protocol}, which is plain text`,
      "write protocol HTTPS, or no more than httpsRedirect",
    );
}
