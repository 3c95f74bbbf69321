/** Where HTTP listens now. Outlives incarnations, so that the next one comes back on the same port. */
export class HttpDoor {
  #url: string | undefined;
  #problem: string | undefined;
  #lastPort: number | undefined;
  readonly #onChange: (url: string | undefined) => void;

  constructor(onChange: (url: string | undefined) => void) {
    this.#onChange = onChange;
  }

  get url(): string | undefined {
    return this.#url;
  }

  /** Why it does not listen, and what to do; undefined while it does, or is about to. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Ports to try, in this order. 9090 is a wish: who names no port never fails over it. */
  portsToTry(configured: number | undefined): number[] {
    if (configured !== undefined && configured > 0) return [configured];
    const wished = configured === undefined ? [DEFAULT_PORT] : [];
    const last = this.#lastPort === undefined ? [] : [this.#lastPort];
    return [...new Set([...last, ...wished, 0])];
  }

  opened(url: string, port: number): void {
    this.#lastPort = port;
    this.#problem = undefined;
    this.#set(url);
  }

  /** A late word about an earlier address changes nothing. */
  closed(url: string): void {
    if (url === this.#url) this.#set(undefined);
  }

  refused(problem: string): void {
    this.#problem = problem;
    this.#set(undefined);
  }

  #set(url: string | undefined): void {
    if (url === this.#url) return;
    this.#url = url;
    this.#onChange(url);
  }
}

const DEFAULT_PORT = 9090;
