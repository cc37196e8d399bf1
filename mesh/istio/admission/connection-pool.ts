import { type ConnectionPool, type HttpPool, type TcpPool } from "../kinds";
import { checkDuration, isNoTime } from "./durations";
import { type Refuse } from "./webhook";

/** What istiod's webhook refuses of the connections to a host, or to a pod's own ports (pkg/config/validation, validateConnectionPool). */
export function checkConnectionPool(pool: ConnectionPool | undefined, path: string, refuse: Refuse): void {
  if (pool === undefined) return;
  const { tcp, http } = pool;
  if (tcp === undefined && http === undefined)
    refuse("connection-pool", path, "says nothing", "write tcp or http, or take it out");
  if (tcp !== undefined) checkTcp(tcp, `${path}.tcp`, refuse);
  if (http !== undefined) checkHttp(http, `${path}.http`, refuse);
}

function checkTcp(tcp: TcpPool, path: string, refuse: Refuse): void {
  checkCounts(tcp, ["maxConnections"], path, refuse);
  checkDuration(tcp.connectTimeout, `${path}.connectTimeout`, refuse);
  checkDuration(tcp.maxConnectionDuration, `${path}.maxConnectionDuration`, refuse);
  checkDuration(tcp.tcpKeepalive?.time, `${path}.tcpKeepalive.time`, refuse);
  checkDuration(tcp.tcpKeepalive?.interval, `${path}.tcpKeepalive.interval`, refuse);
  if (tcp.idleTimeout !== undefined && !isNoTime(tcp.idleTimeout))
    checkDuration(tcp.idleTimeout, `${path}.idleTimeout`, refuse);
}

const httpCounts = [
  "http1MaxPendingRequests",
  "http2MaxRequests",
  "maxRequestsPerConnection",
  "maxRetries",
  "maxConcurrentStreams",
] as const;

function checkHttp(http: HttpPool, path: string, refuse: Refuse): void {
  const { h2UpgradePolicy, useClientProtocol, http2KeepAlive } = http;
  checkCounts(http, httpCounts, path, refuse);
  checkDuration(http.idleTimeout, `${path}.idleTimeout`, refuse);
  if (h2UpgradePolicy === "UPGRADE" && useClientProtocol === true)
    refuse(
      "connection-pool",
      `${path}.useClientProtocol`,
      "is true, and h2UpgradePolicy is UPGRADE",
      "keep one of them: calls go on in the caller's protocol, or in HTTP/2",
    );
  if (http2KeepAlive === undefined) return;
  for (const field of ["interval", "timeout"] as const) {
    const place = `${path}.http2KeepAlive.${field}`;
    if (http2KeepAlive[field] === undefined)
      refuse("connection-pool", place, "is missing", "write a span of time such as 5s, or take http2KeepAlive out");
    checkDuration(http2KeepAlive[field], place, refuse);
  }
}

function checkCounts<Field extends string>(
  counts: Readonly<Partial<Record<Field, number>>>,
  fields: readonly Field[],
  path: string,
  refuse: Refuse,
): void {
  for (const field of fields) {
    const count = counts[field] ?? 0;
    if (count < 0) refuse("connection-pool", `${path}.${field}`, `${String(count)} is less than 0`, "write 0 or more");
  }
}
