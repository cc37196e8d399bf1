import { expect, it } from "vitest";
import { subscriptionPattern, unanswered } from "../../../sandbox/traffic/subscriptions";

it("a sidecar that was not given what it asked for is told, whatever else it says of itself", () => {
  const counts = {
    "cluster_manager.cds.update_attempt": 2,
    "cluster_manager.cds.update_success": 1,
    "http.mesh-http-conn-manager.rds-inbound.14001.rds.rds-inbound.14001.update_attempt": 1,
    "http.mesh-http-conn-manager.rds-inbound.14001.rds.rds-inbound.14001.update_success": 0,
    "sds.service-cert_store/store.update_attempt": 3,
    // Nobody asked, it was answered in a way that Envoy does not take, and what a person may have left out.
    "cluster.readiness_cluster.update_attempt": 0,
    "listener_manager.lds.update_attempt": 1,
    "listener_manager.lds.update_rejected": 1,
    "sds.kubernetes_//front.update_attempt": 1,
  };
  for (const name of Object.keys(counts)) expect(name).toMatch(new RegExp(subscriptionPattern));
  expect(unanswered({ envoy: counts })).toEqual([
    "http.mesh-http-conn-manager.rds-inbound.14001.rds.rds-inbound.14001",
    "sds.service-cert_store/store",
  ]);
  expect(unanswered({})).toEqual([]);
});
