/** Names are few, so that things meet: the same account and Service in two namespaces. */
export const namespaces = ["a", "b"] as const;
export const accounts = ["x", "y", "z"] as const;
export const serviceNames = ["s", "t", "u"] as const;
export const ports = [80, 81, 5000] as const;
export const rootNamespace = "istio-system";
export const methods = ["GET", "POST", "PUT", "DELETE"] as const;
export const headerNames = ["x-a", "x-b", "user-agent"] as const;

/** What requests ask for: texts on both sides of the boundaries that {@link pathConditions} draw. */
export const paths = [
  "/",
  "/a",
  "/a/",
  "/ab",
  "/a/b",
  "/a/b/",
  "/a/b/c",
  "/a/x/b",
  "/a/1/2/b",
  "/b",
  "/x/b",
  "/A",
  "/a?x=1",
  "/a/b?x=1",
  "/?q=/a",
  "/a//b",
  "//a",
  "/a/../b",
  "/b/../a",
  "/a/./b",
  "/%61",
  "/a/%62",
  "/a%2fb",
  "/a%2Fb",
  "/a/12",
  "/a/[0-9]+",
  "/a/*/b",
  "/a;b",
  "/a.b",
  "/axb",
  "/a/=*",
  "/a/~b",
  "/zzz",
] as const;

/** Paths as an AuthorizationPolicy says them. */
export const pathConditions = [
  "/a",
  "/a/b",
  "/a*",
  "/a/*",
  "*b",
  "*/b",
  "*",
  "/",
  "/*",
  "/a/{*}",
  "/a/{*}/b",
  "/a/{**}",
  "/{*}/b",
  "/{**}/b",
  "/a/[0-9]+",
  "/a/*/b",
  "/a.b",
  "/A",
  "/a/b?x=1",
  "/a//b",
  "/%61",
] as const;

/** Values of headers in requests, and conditions on them. */
export const headerValues = ["v1", "v2", "v", "", "1v", "V1"] as const;
export const headerConditions = ["v1", "v*", "*1", "*", "v2", "V1"] as const;
