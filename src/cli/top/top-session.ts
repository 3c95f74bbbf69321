import type { DebugClient } from '../../client/debug-client.ts';
import { followDebug } from '../debug-stream.ts';
import { viewError } from '../error-report.ts';
import type { Invocation } from '../invocation.ts';
import { FrameWindow } from './frame-window.ts';
import { pressKey } from './top-keys.ts';
import type { TopEffect } from './top-keys.ts';
import { withActor, withCrashes, withFrame, withoutPeer, withPeer, withRows } from './top-news.ts';
import { initialTop } from './top-state.ts';
import type { TopAction, TopChoices, TopState } from './top-state.ts';

const CRASHES = 200;

export interface TopSessionOptions extends TopChoices {
  intervalMs: number;
  /** Actors in a frame. */
  limit: number | undefined;
}

/** The full-screen view without the screen: its state, the daemon's news and what keys do. */
export class TopSession {
  readonly #invocation: Invocation;
  readonly #options: TopSessionOptions;
  readonly #window: FrameWindow;
  readonly #listeners = new Set<() => void>();
  readonly #quit = new AbortController();
  #debug: DebugClient | undefined;
  #state: TopState;

  constructor(invocation: Invocation, options: TopSessionOptions) {
    this.#invocation = invocation;
    this.#options = options;
    this.#window = new FrameWindow(options.windowMs);
    this.#state = initialTop(options);
  }

  readonly state = (): TopState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly press = (key: string): void => {
    const { ranking } = this.#state;
    const { state, effect } = pressKey(this.#state, key);
    this.#set(state.ranking === ranking ? state : withRows(state, this.#window));
    if (effect) void this.#carryOut(effect);
  };

  /** What fits on the screen, which only the screen knows. */
  readonly measured = (pageRows: number, scrollMax: number): void => {
    if (pageRows === this.#state.pageRows && scrollMax === this.#state.scrollMax) return;
    this.#set({ ...this.#state, pageRows, scrollMax });
  };

  readonly quit = (): void => this.#quit.abort();

  /** Takes frames until the person quits or `signal` is aborted; waits for a daemon that went away. */
  async run(signal: AbortSignal): Promise<void> {
    const { intervalMs, limit } = this.#options;
    const params = { interval_ms: intervalMs, ...(limit !== undefined && { limit }) };
    await followDebug(
      this.#invocation,
      () => ({
        verb: 'top',
        params,
        onConnected: (debug) => this.#greet(debug),
        onEvent: async (frame) => {
          this.#window.push(frame);
          this.#set(withFrame(this.#state, frame, this.#window));
          await this.#lookAgain();
        },
      }),
      {
        patienceMs: Number.POSITIVE_INFINITY,
        onGap: async (isBack) => {
          if (!isBack) this.#set(withoutPeer(this.#state));
        },
      },
      AbortSignal.any([signal, this.#quit.signal]),
    );
  }

  async #greet(debug: DebugClient): Promise<void> {
    const { version, pid, write } = await debug.call('hello', {});
    if (pid !== this.#state.peer?.pid) this.#window.clear();
    this.#debug = debug;
    this.#set(withPeer(this.#state, { version, pid, canWrite: write }));
  }

  async #carryOut(effect: TopEffect): Promise<void> {
    switch (effect.type) {
      case 'quit':
        return this.quit();
      case 'lookAt':
        return this.#lookAt(effect.path);
      case 'lookForCrashes':
        return this.#lookForCrashes();
      case 'act':
        return this.#act(effect.action, effect.path);
    }
  }

  /** What is looked at changes with every frame. */
  async #lookAgain(): Promise<void> {
    const { view, isPaused } = this.#state;
    if (view.name === 'actor' && !isPaused) await this.#lookAt(view.path);
  }

  async #lookAt(path: string): Promise<void> {
    const found = await this.#ask((debug) => debug.call('inspect', { path }));
    const view = 'answer' in found ? { actor: found.answer } : found;
    this.#set(withActor(this.#state, path, view));
  }

  async #lookForCrashes(): Promise<void> {
    const found = await this.#ask((debug) => debug.call('crashes', { limit: CRASHES }));
    this.#set(
      withCrashes(this.#state, 'answer' in found ? { crashes: found.answer.crashes } : found),
    );
  }

  async #act(action: TopAction, path: string): Promise<void> {
    const reason = 'codi top';
    const done = await this.#ask((debug) => debug.call(action, { path, reason }));
    const notice = 'problem' in done ? done.problem : `${DONE[action]} ${path}`;
    this.#set({ ...this.#state, notice });
    await this.#lookAgain();
  }

  async #ask<T>(
    ask: (debug: DebugClient) => Promise<T>,
  ): Promise<{ answer: T } | { problem: string }> {
    if (!this.#debug) return { problem: 'not connected' };
    try {
      return { answer: await ask(this.#debug) };
    } catch (error) {
      const { message, code } = viewError(error);
      return { problem: `${message} (${code})` };
    }
  }

  #set(state: TopState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

const DONE: Readonly<Record<TopAction, string>> = {
  kill: 'killed',
  restart: 'restarted',
  suspend: 'suspended',
  resume: 'resumed',
};
