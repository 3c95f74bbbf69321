import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { acceptorSpec, type AcceptorPorts } from '../actors/serving/acceptor.actor.ts';
import { connectionSpec } from '../actors/serving/connection.actor.ts';
import { NO_TOKEN, ORIGINAL_ONLY, OWNER, type Door } from '../actors/serving/door.ts';
import type { ServingPorts } from '../actors/serving/ports.ts';
import { tcpPlan, type TcpPlan } from '../config/tcp-plan.ts';
import { listenTcp } from '../platform/tcp-socket.ts';
import { ownPair, readPair, type KnownPair } from '../platform/tls-pair.ts';
import { listenUnix } from '../platform/unix-socket.ts';
import { encodeMessage } from '../protocol/codec.ts';
import { CodiError } from '../protocol/errors.ts';
import type { Message } from '../protocol/messages.ts';
import { timestampFromMs } from '../protocol/timestamp.ts';
import type { ChildSpec } from '../supervisor/index.ts';
import type { Shared } from './shared.ts';

type Listen = AcceptorPorts['listen'];

/** One acceptor for each way in; what comes by it is the same connection everywhere. */
export function doorSpecs(shared: Shared, ports: ServingPorts): ChildSpec[] {
  const { config, socketPath, legacySocketPath } = shared.options;
  let nextConnection = 1;
  const acceptor = (door: Door, listen: Listen) =>
    acceptorSpec(door.name, {
      listen,
      mustProve: door.grant === undefined,
      lobby: ports.lobby,
      limitCount: config.limits.connectionLimitCount,
      telemetry: ports.telemetry,
      startConnection: async (socket) => {
        const spec = connectionSpec(nextConnection++, socket, ports, door);
        const started = await shared.system.startChild('serving/connections', spec);
        return started.ok;
      },
      newMessage: (body) => errorMessage(shared, body),
    });
  const plan = tcpPlan(config.monitor);
  return [
    acceptor({ name: 'unix', grant: OWNER, takesHello: true }, unixListen(shared, socketPath)),
    ...(legacySocketPath === undefined
      ? []
      : [
          acceptor(
            { name: 'legacy', grant: ORIGINAL_ONLY, takesHello: false },
            unixListen(shared, legacySocketPath),
          ),
        ]),
    ...(plan
      ? [
          acceptor(
            { name: 'tcp', takesHello: true, ...(!plan.needsToken && { grant: NO_TOKEN }) },
            tcpListen(shared, plan),
          ),
        ]
      : []),
  ];
}

function unixListen({ options }: Shared, socketPath: string): Listen {
  const { uid, readPeerUser } = options;
  return (onSocket, onError) => listenUnix({ socketPath, uid, readPeerUser }, onSocket, onError);
}

function tcpListen(shared: Shared, plan: TcpPlan): Listen {
  const { config, telemetry } = shared.options;
  const { host } = plan;
  return async (onSocket, onError) => {
    const pair = plan.isTls ? await pairOf(shared, host) : undefined;
    if (pair?.isNew) telemetry.emit('CertificateMade', { fingerprint: pair.fingerprint });
    const listener = await listenTcp(
      {
        host,
        // Who comes back after a crash finds the same port.
        port: plan.port === 0 ? (shared.tcp?.port ?? 0) : plan.port,
        tls: pair,
        handshakeTimeoutMs: config.limits.handshakeTimeoutMs,
        handshakesMax: config.limits.connectionLimitCount,
      },
      {
        onSocket,
        onError,
        onTrouble: (trouble) => {
          telemetry.emit('TlsRefused', { trouble });
          const error = new CodiError('CODI_TLS_REQUIRED');
          return encodeMessage(errorMessage(shared, error.toWire()), 'msgpack');
        },
      },
    );
    const { port } = listener;
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const known = pair && { fingerprint: pair.fingerprint };
    shared.tcp = { port, address, tls: plan.isTls, token: plan.needsToken, ...known };
    const door = { door: 'tcp', address, isTls: plan.isTls, needsToken: plan.needsToken } as const;
    telemetry.emit('DoorOpened', { ...door, ...known });
    if (plan.needsToken && shared.tokens.count === 0) telemetry.emit('NoTokens', {});
    return listener;
  };
}

function pairOf({ options }: Shared, host: string): Promise<KnownPair> {
  const { dataDir, environment, tlsFiles } = options;
  if (tlsFiles) return readPair(tlsFiles);
  const names = new Set(['localhost', hostname(), '127.0.0.1', '::1']);
  if (host !== '0.0.0.0' && host !== '::') names.add(host);
  return ownPair(dataDir, [...names], environment.clock.nowMs());
}

function errorMessage({ options }: Shared, body: object): Message {
  return {
    id: randomUUID(),
    timestamp: timestampFromMs(options.environment.clock.nowMs()),
    payload: { kind: 'Error', body },
  } as Message;
}
