import * as pulumi from "@pulumi/pulumi";
import { type StackDefinition } from "../../../../program/definition";
import { dev } from "../../../../stacks/dev";
import { canaryBookstore } from "../../canary-bookstore";
import { oneStack } from "../one-stack";

const config = new pulumi.Config();
const told = { VERSION: config.require("version"), FAIL_PERCENT: String(config.requireNumber("failPercent")) };

const definition: StackDefinition = {
  ...dev,
  observability: { prometheus: "cluster" },
  application: canaryBookstore({
    environment: told,
    // Thrice Prometheus's interval here: what is counted at its first scrape is no increase yet, so that a first look may have no answer.
    analysis: { interval: "15s", threshold: 3, stepWeights: [30, 60] },
  }),
};

async function deploy() {
  const { application, cluster } = await oneStack({ name: "canary", definition, settings: { mesh: "osm" } });
  return { ...cluster, access: application.access };
}

export = deploy();
