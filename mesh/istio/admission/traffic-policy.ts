import { type PortPolicy, type TrafficPolicy } from "../kinds";
import { checkClientTls } from "./client-tls";
import { checkConnectionPool } from "./connection-pool";
import { checkLoadBalancer } from "./load-balancer";
import { isAddress, isPort, nameFault } from "./names";
import { checkOutlierDetection } from "./outlier-detection";
import { type Refuse } from "./webhook";

const ofPorts = ["outlierDetection", "connectionPool", "loadBalancer", "tls"] as const;
const ofHosts = [...ofPorts, "tunnel", "proxyProtocol", "retryBudget"] as const;

/**
 * What istiod's webhook refuses of how calls are made (pkg/config/validation, validateTrafficPolicy).
 *
 * @param namespace of the DestinationRule.
 */
export function checkTrafficPolicy(
  policy: TrafficPolicy | undefined,
  namespace: string,
  path: string,
  refuse: Refuse,
): void {
  if (policy === undefined) return;
  const { portLevelSettings = [], tunnel, proxyProtocol } = policy;
  if (portLevelSettings.length === 0 && ofHosts.every((field) => policy[field] === undefined))
    refuse("traffic-policy", path, "says nothing", `write ${ofHosts.join(", ")} or portLevelSettings, or take it out`);
  if (tunnel !== undefined && proxyProtocol !== undefined)
    refuse("traffic-policy", `${path}.proxyProtocol`, "is there beside tunnel", "keep one of them");
  checkParts(policy, namespace, path, refuse);
  checkTunnel(tunnel, `${path}.tunnel`, refuse);
  portLevelSettings.forEach((settings, index) => {
    const place = `${path}.portLevelSettings[${String(index)}]`;
    if (settings.port === undefined)
      refuse("traffic-policy", `${place}.port`, "is missing", "write the port's number: port: {number: 80}");
    if (ofPorts.every((field) => settings[field] === undefined))
      refuse("traffic-policy", place, "says nothing of the port", `write ${ofPorts.join(", ")}, or take it out`);
    checkParts(settings, namespace, place, refuse);
  });
}

function checkParts(policy: PortPolicy, namespace: string, path: string, refuse: Refuse): void {
  checkOutlierDetection(policy.outlierDetection, `${path}.outlierDetection`, refuse);
  checkConnectionPool(policy.connectionPool, `${path}.connectionPool`, refuse);
  checkLoadBalancer(policy.loadBalancer, `${path}.loadBalancer`, refuse);
  checkClientTls(policy.tls, namespace, `${path}.tls`, refuse);
}

/** The proxy has a name or an address, and is asked in one of two ways. */
function checkTunnel(tunnel: TrafficPolicy["tunnel"], path: string, refuse: Refuse): void {
  if (tunnel === undefined) return;
  const { protocol = "", targetHost, targetPort } = tunnel;
  if (!["", "CONNECT", "POST"].includes(protocol))
    refuse("tunnel", `${path}.protocol`, `${JSON.stringify(protocol)} asks for no tunnel`, "write CONNECT or POST");
  if (nameFault(targetHost, false) !== undefined && !isAddress(targetHost))
    refuse(
      "tunnel",
      `${path}.targetHost`,
      `${JSON.stringify(targetHost)} is no name and no address`,
      "write one, such as api.example.com",
    );
  if (!isPort(targetPort))
    refuse("tunnel", `${path}.targetPort`, `${String(targetPort)} is no port`, "write 1 to 65535");
}
