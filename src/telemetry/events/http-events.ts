import { defineEvent, number, oneOf, text } from '../event-definition.ts';
import { HTTP_ROUTES, HTTP_STATUSES } from '../labels.ts';

export const HTTP_EVENTS = {
  HttpListening: defineEvent({
    level: 'info',
    sentence: 'Metrics and health are at {url}.',
    fields: { url: text('Where it listens.') },
    repeatedBy: ['url'],
  }),
  HttpUnavailable: defineEvent({
    level: 'warn',
    sentence: 'No port for HTTP: {problem}.',
    fields: { problem: text('Why it cannot listen, and what to do.') },
    metrics: [
      {
        name: 'codi_http_unavailable_total',
        type: 'counter',
        help: 'Times the HTTP port was found taken.',
      },
    ],
    repeatedBy: ['problem'],
  }),
  HttpAnswered: defineEvent({
    level: 'trace',
    sentence: 'Answered {route} with {status} in {durationMs} ms.',
    fields: {
      route: oneOf('Page, or `none` for a request that was refused.', HTTP_ROUTES),
      status: oneOf('Status of the answer.', HTTP_STATUSES),
      durationMs: number('From the whole request to its answer, in milliseconds.'),
    },
    metrics: [
      {
        name: 'codi_http_requests_total',
        type: 'counter',
        help: 'HTTP requests that were answered.',
        labels: ['route', 'status'],
      },
      {
        name: 'codi_http_request_duration_seconds',
        type: 'histogram',
        help: 'Time from a whole HTTP request to its answer.',
        labels: ['route'],
        value: ({ durationMs }) => durationMs / 1000,
        buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      },
    ],
  }),
  HttpConnectionCut: defineEvent({
    level: 'debug',
    sentence: 'Cut an HTTP connection that sent no request: there were too many.',
    fields: {},
    metrics: [
      {
        name: 'codi_http_connections_cut_total',
        type: 'counter',
        help: 'HTTP connections that were cut because there were too many.',
      },
    ],
  }),
  HttpPageFailed: defineEvent({
    level: 'error',
    sentence: 'The page {route} could not be made.',
    fields: {
      route: oneOf('Page.', HTTP_ROUTES),
      error: text('What went wrong, with its stack.'),
    },
    metrics: [
      {
        name: 'codi_http_page_failures_total',
        type: 'counter',
        help: 'Answers that could not be made because of an error inside.',
        labels: ['route'],
      },
    ],
    repeatedBy: ['route'],
  }),
} as const;
