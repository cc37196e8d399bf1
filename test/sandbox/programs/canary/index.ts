import * as pulumi from "@pulumi/pulumi";
import { type StackDefinition } from "../../../../program/definition";
import { dev } from "../../../../stacks/dev";
import { canaryBookstore } from "../../canary-bookstore";
import { oneStack } from "../one-stack";

const config = new pulumi.Config();
const mesh = config.require("mesh") === "istio" ? "istio" : "osm";
const told = { VERSION: config.require("version"), FAIL_PERCENT: String(config.requireNumber("failPercent")) };

const canary = config.require("canary");
const { canaries, ...application } = canaryBookstore({
  environment: told,
  leaving: canary === "leaving",
  // Thrice Prometheus's interval here: what is counted at its first scrape is no increase yet, so that a first look may have no answer.
  analysis: { interval: "15s", threshold: 3, stepWeights: [30, 60] },
});

const definition: StackDefinition = {
  ...dev,
  observability: { prometheus: "cluster" },
  application: { ...application, ...(canary !== "gone" && { canaries }) },
};

async function deploy() {
  const { application, cluster } = await oneStack({ name: "canary", definition, settings: { mesh } });
  return { ...cluster, access: application.access, ...(application.canaries && { canaries: application.canaries }) };
}

export = deploy();
