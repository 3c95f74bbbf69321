import type { Config } from './schema.ts';

/** How the TCP port is opened. */
export interface TcpPlan {
  host: string;
  /** 0: any free one. */
  port: number;
  isTls: boolean;
  needsToken: boolean;
}

const DEFAULT_PORT = 9847;

/** Undefined when there is to be none. */
export function tcpPlan(monitor: Config['monitor']): TcpPlan | undefined {
  const { mode, tcpPort, tcpHost: host, isTls, needsToken } = monitor;
  if (mode === 'unix' || (mode === 'auto' && tcpPort === undefined)) return undefined;
  return { host, port: tcpPort ?? DEFAULT_PORT, isTls: isTls ?? !isLoopback(host), needsToken };
}

/** Whether nobody but this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
