/**
 * Well-known forms of secrets, by what issues them; docs/exports.md lists them. A form that is not here is not found.
 * None is longer than SECRET_UNITS_MAX.
 */
export const SECRET_FORMS: Readonly<Record<string, RegExp>> = {
  private_key: /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/g,
  aws_access_key: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  github_token: /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})/g,
  gitlab_token: /\bglpat-[A-Za-z0-9_-]{20,64}/g,
  slack_token: /\bxox[abeoprs]-[A-Za-z0-9-]{10,250}/g,
  google_api_key: /\bAIza[0-9A-Za-z_-]{35}/g,
  model_api_key: /\bsk-[A-Za-z0-9_-]{20,250}/g,
  stripe_key: /\b[rs]k_live_[0-9A-Za-z]{16,100}/g,
  npm_token: /\bnpm_[A-Za-z0-9]{36}/g,
  json_web_token: /\beyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,4000}/g,
};

/** A key behind its first line, as it is and as a string of JSON; without its last line, what looks like a key. */
const KEY_BODY =
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?:[^-]{0,12000}-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----|(?:[A-Za-z0-9+/=\s]|\\[nrt]){0,12000})/g;

/** The same forms with all that is secret of them. */
export const REDACTED_FORMS: Readonly<Record<string, RegExp>> = {
  ...SECRET_FORMS,
  private_key: KEY_BODY,
};

/** No match is longer. */
export const SECRET_UNITS_MAX = 16 * 1024;
