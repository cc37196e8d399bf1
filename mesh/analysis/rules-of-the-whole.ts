/** Rules of findings that speak of something missing, which may be among what is unknown or was assumed. */
export const rulesOfTheWhole: ReadonlySet<string> = new Set([
  "backend-port",
  "destination-without-pods",
  "ingress-port",
  "missing-backend",
  "missing-root",
  "missing-route-group",
  "missing-tcp-route",
  "no-weight",
  "root-without-pods",
  "setting-host",
  "setting-path",
  "tcp-route-port",
  "tcp-target-on-http",
  "unauthorised-backend",
]);
