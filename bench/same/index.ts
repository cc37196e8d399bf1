/**
 * The resources of this project's stack dev, written down plainly: no components, no analysis of policies, nothing that asks Azure first,
 * waits for the mesh or looks whether all is there. What this project takes longer than this is what these cost. A test holds it
 * to the same resources with the same inputs.
 */
import { getStack, getProject } from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import { bookstore } from "./bookstore";
import { cluster } from "./cluster";

const name = `${getProject()}-${getStack()}`;
const { kubeconfig, ready } = cluster(name);
bookstore(name, { provider: new Provider(name, { kubeconfig }), dependsOn: ready });

export { kubeconfig };
