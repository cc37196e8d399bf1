import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { type EngineLog } from "./provider";

/** A line to the engine's log, whose address is known only after the first call of the protocol. */
export interface EngineConnection {
  setAddress(address: string): void;
  /** The log for messages about one resource; an empty URN stands for the provider itself. */
  logFor(urn: string): EngineLog;
}

/** Connects on the first message, since most operations have nothing to say. */
export function createEngineConnection(): EngineConnection {
  let address: string | undefined;
  let client: EngineClient | undefined;

  const send = (urn: string, severity: LogSeverity, message: string, ephemeral = false): void => {
    if (address === undefined) {
      process.stderr.write(`${message}\n`);
      return;
    }
    client ??= new EngineClient(address, credentials.createInsecure());
    const request = new LogRequest();
    request.setSeverity(severity);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    client.log(request, (error) => {
      if (error !== null) process.stderr.write(`${message}\n(not delivered to the engine: ${error.message})\n`);
    });
  };

  return {
    setAddress(value) {
      if (value === "" || value === address) return;
      client?.close();
      client = undefined;
      address = value;
    },
    logFor: (urn) => ({
      debug: (message) => send(urn, LogSeverity.DEBUG, message),
      info: (message) => send(urn, LogSeverity.INFO, message),
      warning: (message) => send(urn, LogSeverity.WARNING, message),
      error: (message) => send(urn, LogSeverity.ERROR, message),
      status: (message) => send(urn, LogSeverity.INFO, message, true),
    }),
  };
}
