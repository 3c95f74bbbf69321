import { CodiError } from '../../protocol/errors.ts';
import { errorReply, type HttpProblem, type HttpReply, type HttpRequest } from './http-ports.ts';

/** Why a request is not let through to any page, or undefined. */
export function refusalOf(
  request: HttpRequest,
  allowedHosts: ReadonlySet<string>,
): HttpReply | undefined {
  const [host, ...others] = request.hosts;
  // RFC 9112 §3.2: exactly one Host.
  if (host === undefined || others.length > 0) return invalid('400', 'it has not exactly one Host');
  if (!isServedName(host, allowedHosts))
    return errorReply('421', new CodiError('CODI_HTTP_HOST_REFUSED'));
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return invalid('405', 'only GET and HEAD are answered');
  if (request.announcesBody) return invalid('400', 'it announces a body');
  return undefined;
}

const PROBLEMS: Record<HttpProblem, () => HttpReply> = {
  invalid: () => invalid('400', 'it is not HTTP'),
  headTooLarge: () => invalid('431', 'its head is too large'),
  timeout: () => invalid('408', 'it took too long to arrive'),
};

/** The answer to bytes that cannot be read as a request. */
export function problemReply(problem: HttpProblem): HttpReply {
  return PROBLEMS[problem]();
}

/** What there is no page for. */
export function notFoundReply(paths: Iterable<string>): HttpReply {
  const hint = `there are ${[...paths].join(', ')}`;
  return errorReply('404', new CodiError('CODI_NOT_FOUND', { what: 'such page' }, { hint }));
}

function invalid(status: '400' | '405' | '408' | '431', reason: string): HttpReply {
  return errorReply(status, new CodiError('CODI_HTTP_REQUEST_INVALID', { reason }));
}

/**
 * A web page can make a browser ask this machine under a name of its own (DNS rebinding), but never under an
 * address or under localhost. So these are served, and the names somebody configured.
 */
function isServedName(host: string, allowedHosts: ReadonlySet<string>): boolean {
  const name = /^(\[[0-9a-f:.]+\]|[^:]+)(:\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase();
  if (name === undefined) return false;
  if (name === 'localhost' || allowedHosts.has(name)) return true;
  return name.startsWith('[') || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
}
