import { type Report } from "../../analysis/object-report";
import { type IngressListener, type OutboundTrafficPolicy, type Sidecar, type SidecarPort } from "../kinds";
import { checkConnectionPool } from "./connection-pool";
import { checkListenerHost } from "./listener-host";
import { isAddress, isLabel, isPort } from "./names";
import { checkProtocols } from "./protocols";
import { checkServerTls } from "./server-tls";
import { isSocketPath, socketPath } from "./unix-socket";
import { checkDestination } from "./virtual-service/destination";
import { type Refuse, refusing } from "./webhook";

/** What istiod's webhook refuses of a Sidecar (pkg/config/validation, ValidateSidecar). */
export function checkSidecar({ spec }: Sidecar, report: Report): void {
  const refuse = refusing(report);
  const { ingress = [], egress = [], inboundConnectionPool, outboundTrafficPolicy } = spec;
  if (
    ingress.length + egress.length === 0 &&
    outboundTrafficPolicy === undefined &&
    inboundConnectionPool === undefined
  ) {
    refuse("sidecar-empty", "spec", "says nothing", "write egress, ingress or outboundTrafficPolicy");
  }
  const taken = ingress.map(({ port }) => port.number);
  ingress.forEach((listener, index) => {
    const path = `spec.ingress[${String(index)}]`;
    if (taken.indexOf(listener.port.number) < index) refuseTwice(listener.port, path, refuse);
    checkIngress(listener, path, refuse);
  });
  const told = egress.map(({ port, bind = "" }) =>
    port === undefined ? "" : `${String(port.number ?? 0)} ${port.number ? "" : bind}`,
  );
  egress.forEach(({ port, bind = "", captureMode = "DEFAULT", hosts }, index) => {
    const path = `spec.egress[${String(index)}]`;
    if (port === undefined) {
      if (index < egress.length - 1)
        refuse(
          "sidecar-port",
          path,
          "has no port, and is not the last",
          "put it last: it is for all ports that no other has",
        );
    } else {
      if (told.indexOf(told[index] ?? "") < index) refuseTwice(port, path, refuse);
      checkEgressPort(port, { bind, captureMode }, path, refuse);
    }
    if (hosts.length === 0)
      refuse("sidecar-host", `${path}.hosts`, "is empty", "write NAMESPACE/HOST, or ~/* for nothing");
    hosts.forEach((host, at) => checkListenerHost(host, "sidecar", `${path}.hosts[${String(at)}]`, refuse));
  });
  checkConnectionPool(inboundConnectionPool, "spec.inboundConnectionPool", refuse);
  if (outboundTrafficPolicy !== undefined) checkOutbound(outboundTrafficPolicy, refuse);
  for (const [field, listeners] of Object.entries({ ingress, egress }))
    checkProtocols(
      listeners.map(({ port }) => port ?? {}),
      (index) => `spec.${field}[${String(index)}].port.protocol`,
      report,
    );
}

function refuseTwice({ number = 0 }: SidecarPort, path: string, refuse: Refuse): void {
  refuse(
    "sidecar-port",
    `${path}.port.number`,
    `${String(number)} is there twice`,
    "put what is for one port together",
  );
}

function checkPort({ name = "", targetPort = 0 }: SidecarPort, path: string, refuse: Refuse): void {
  if (name !== "" && !isLabel(name))
    refuse(
      "sidecar-port",
      `${path}.port.name`,
      `${JSON.stringify(name)} is no name`,
      "write letters, digits and dashes",
    );
  if (targetPort > 0)
    refuse("sidecar-port", `${path}.port.targetPort`, "means nothing of a Sidecar", "write defaultEndpoint of ingress");
}

function checkNumber({ number = 0 }: SidecarPort, bind: string, path: string, refuse: Refuse): void {
  if (!isPort(number))
    refuse("sidecar-port", `${path}.port.number`, `${String(number)} is no port`, "write 1 to 65535");
  if (bind !== "" && !isAddress(bind))
    refuse("sidecar-bind", `${path}.bind`, `${JSON.stringify(bind)} is no address`, "write an address, or take it out");
}

function checkIngress(
  { port, bind = "", defaultEndpoint = "", connectionPool, tls }: IngressListener,
  path: string,
  refuse: Refuse,
): void {
  checkPort(port, path, refuse);
  checkNumber(port, bind, path, refuse);
  checkConnectionPool(connectionPool, `${path}.connectionPool`, refuse);
  if (defaultEndpoint !== "" && !isEndpoint(defaultEndpoint))
    refuse(
      "sidecar-endpoint",
      `${path}.defaultEndpoint`,
      `${JSON.stringify(defaultEndpoint)} is no place in the pod`,
      "write 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT or unix:///PATH",
    );
  if (tls === undefined) return;
  const { mode = "PASSTHROUGH" } = tls;
  const {
    subjectAltNames = [],
    httpsRedirect = false,
    credentialName = "",
    credentialNames = [],
    tlsCertificates = [],
  } = tls;
  const given = {
    subjectAltNames: subjectAltNames.length > 0,
    httpsRedirect,
    credentialName: credentialName !== "",
    credentialNames: credentialNames.length > 0,
    tlsCertificates: tlsCertificates.length > 0,
  };
  for (const field of Object.entries(given).flatMap(([name, is]) => (is ? [name] : [])))
    refuse(
      "sidecar-tls",
      `${path}.tls.${field}`,
      "is not taken of a Sidecar",
      "write serverCertificate and privateKey",
    );
  if (mode === "ISTIO_MUTUAL" || mode === "AUTO_PASSTHROUGH")
    refuse("sidecar-tls", `${path}.tls.mode`, `${mode} is not taken of a Sidecar`, "write SIMPLE or MUTUAL");
  if (!["HTTPS", "TLS"].includes((port.protocol ?? "").toUpperCase()))
    refuse("sidecar-tls", `${path}.tls`, "is there with a protocol without TLS", "write protocol HTTPS or TLS");
  checkServerTls(tls, `${path}.tls`, refuse);
}

const ownAddresses = ["", "127.0.0.1", "0.0.0.0", "::1", "::"];

/** Whether a text is a port of the pod, or a socket in it. */
function isEndpoint(text: string): boolean {
  const file = socketPath(text);
  if (file !== undefined) return isSocketPath(file);
  const [, bracketed, plain = "", port = ""] = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([+-]?\d+)$/.exec(text) ?? [];
  return ownAddresses.includes(bracketed ?? plain) && isPort(Number(port));
}

function checkEgressPort(
  port: SidecarPort,
  { bind, captureMode }: { readonly bind: string; readonly captureMode: string },
  path: string,
  refuse: Refuse,
): void {
  checkPort(port, path, refuse);
  if ((port.number ?? 0) !== 0) {
    checkNumber(port, bind, path, refuse);
    return;
  }
  const file = socketPath(bind);
  if (file === undefined)
    refuse(
      "sidecar-port",
      `${path}.port.number`,
      "0 is no port",
      "write 1 to 65535, or a socket unix:///PATH for bind",
    );
  else if (!isSocketPath(file))
    refuse("sidecar-bind", `${path}.bind`, `${JSON.stringify(bind)} is no file`, "write unix:///PATH");
  if (captureMode === "IPTABLES")
    refuse(
      "sidecar-bind",
      `${path}.captureMode`,
      "is IPTABLES, which captures no socket",
      "write NONE, or take it out",
    );
}

function checkOutbound({ mode = "REGISTRY_ONLY", egressProxy }: OutboundTrafficPolicy, refuse: Refuse): void {
  if (egressProxy === undefined) return;
  const path = "spec.outboundTrafficPolicy.egressProxy";
  if (mode !== "ALLOW_ANY") {
    refuse("sidecar-egress", path, `is there with mode ${mode}`, "write mode: ALLOW_ANY, or take it out");
    return;
  }
  if (egressProxy.host.startsWith("*"))
    refuse("sidecar-egress", `${path}.host`, "is a pattern", "write the name of a Service");
  else checkDestination(egressProxy, path, refuse);
  if (egressProxy.port === undefined)
    refuse("sidecar-egress", `${path}.port`, "is missing", "write port: { number: … }");
}
