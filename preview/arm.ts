import { type ArmClient, openArm } from "../components/arm/client";
import { azureSettings } from "../components/arm/settings";
import { type Surroundings } from "./engine";

/** Azure Resource Manager, as whom the environment of the command says. @throws Error as {@link openArm}. */
export function armOf({ environment, signal }: Pick<Surroundings, "environment" | "signal">): Promise<ArmClient> {
  return openArm(
    azureSettings(() => undefined, environment),
    { signal },
  );
}
