import { runProviderPlugin } from "../protocol";
import { createKubernetesProvider } from "./provider";

void runProviderPlugin(createKubernetesProvider(process.env));
