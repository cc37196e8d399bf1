/** KEDA's Go module. */
export const kedaModule = "github.com/kedacore/keda/v2";

/** Of those that AKS installs, by the version of Kubernetes, the newest that can be had: AKS has it on 1.33. */
export const kedaVersion = "2.16.1";
