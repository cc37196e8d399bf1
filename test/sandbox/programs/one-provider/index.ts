import { Provider } from "@pulumi/kubernetes/provider";

new Provider("unused", { kubeconfig: "{}" });
