import { AnswerTemplate } from './answer-template.ts';
import { encodeMessage } from './codec.ts';
import type { WireFormat } from './frame.ts';
import type { Message, MessagePorts, Payload } from './messages.ts';
import { uuidToBytes } from './uuid.ts';

/** An answer that is the same for all who ask: encoded once in each format, with the time at which it was. */
export class PreparedAnswer {
  readonly #payload: Payload;
  readonly #ports: MessagePorts;
  readonly #templates = new Map<WireFormat, AnswerTemplate>();

  /** The payload without a `request_id`. */
  constructor(payload: Payload, ports: MessagePorts) {
    this.#payload = payload;
    this.#ports = ports;
  }

  /** The whole frame for the one whose message had this id. */
  encode(requestId: string, format: WireFormat): Buffer {
    let template = this.#templates.get(format);
    if (!template) {
      template = this.#prepare(format);
      this.#templates.set(format, template);
    }
    return template.frame(uuidToBytes(this.#ports.newId()), uuidToBytes(requestId));
  }

  /** The marks are new ids, so that nothing in the answer can look like them. */
  #prepare(format: WireFormat): AnswerTemplate {
    const { newId, now } = this.#ports;
    const [id, requestId] = [newId(), newId()];
    const payload = {
      ...this.#payload,
      body: { ...this.#payload.body, request_id: requestId },
    } as Payload;
    const message: Message = { id, timestamp: now(), payload };
    const marks = { id: uuidToBytes(id), requestId: uuidToBytes(requestId) };
    return AnswerTemplate.of(encodeMessage(message, format), marks, format);
  }
}
