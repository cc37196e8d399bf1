import { PolicyPack } from "@pulumi/policy";
import { aksPolicies } from "./policies/aks";
import { meshPolicies } from "./policies/mesh";

new PolicyPack("aks-mesh", { policies: [...aksPolicies, ...meshPolicies] });
