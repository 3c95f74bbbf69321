import type { CodiError } from '../../protocol/errors.ts';
import type { HttpStatus } from '../../telemetry/labels.ts';

/** The head of a request; a body is never read. */
export interface HttpRequest {
  method: string;
  /** As the client wrote it, without the query. */
  path: string;
  /** Every Host header. */
  hosts: readonly string[];
  announcesBody: boolean;
}

export interface HttpReply {
  status: HttpStatus;
  contentType: string;
  body: string;
}

/** What a page says when it is asked for. */
export type HttpPage = () => HttpReply | Promise<HttpReply>;

/** What cannot be read as a request. */
export type HttpProblem = 'invalid' | 'headTooLarge' | 'timeout';

/** Called by the server; undefined when the incarnation they belong to has ended. */
export interface HttpHandlers {
  answer(request: HttpRequest): Promise<HttpReply> | undefined;
  refuse(problem: HttpProblem): HttpReply | undefined;
  /** A silent connection was cut to make room. */
  onCut(): void;
  onError(error: unknown): void;
}

export interface HttpListener {
  port: number;
  url: string;
  /** Stops listening and cuts every connection. */
  close(): Promise<void>;
}

/** An error as the body of an answer. */
export function errorReply(status: HttpStatus, error: CodiError): HttpReply {
  const { code, message, hint, retryable } = error;
  return jsonReply(status, { error: { code, message, hint, retryable } });
}

export function jsonReply(status: HttpStatus, body: object): HttpReply {
  return {
    status,
    contentType: 'application/json; charset=utf-8',
    body: `${JSON.stringify(body)}\n`,
  };
}
