#!/usr/bin/env python3
"""Writes entries and reads them back over JSON lines; needs nothing but Python.

    codi_client.py <component> <message>...

Each line is one message, each gets one answer. An answer names the request by its id.

The daemon is found by its Unix socket, or over TCP when the environment says where and how:

    CODI_TCP=hub:9847  CODI_TOKEN=codi_...  CODI_FINGERPRINT=3A:5F:...

The token is what `codi token create` printed, the fingerprint what `codi status` shows; without one there is no TLS.
"""
import hashlib
import json
import os
import socket
import ssl
import sys
import uuid
from datetime import datetime, timezone


def socket_path():
    if path := os.environ.get("CODI_SOCKET"):
        return path
    if run := os.environ.get("XDG_RUNTIME_DIR"):
        return f"{run}/codi/monitor.sock"
    return f"/tmp/codi-{os.getuid()}/monitor.sock"


def connect():
    """A connection to the daemon, and to nobody else where its certificate is pinned."""
    address = os.environ.get("CODI_TCP")
    if not address:
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(20)
        stream.connect(socket_path())
        return stream
    host, _, port = address.rpartition(":")
    stream = socket.create_connection((host.strip("[]"), int(port)), timeout=20)
    pinned = os.environ.get("CODI_FINGERPRINT")
    return with_tls(stream, pinned) if pinned else stream


def with_tls(stream, pinned):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nobody has signed the daemon's own certificate: it is compared, before anything is said.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    stream = context.wrap_socket(stream)
    found = hashlib.sha256(stream.getpeercert(binary_form=True)).hexdigest()
    if found != pinned.replace(":", "").lower():
        stream.close()
        raise ConnectionError(f"somebody else answers: the SHA-256 of the certificate is {found}")
    return stream


class Codi:
    def __init__(self, stream, token=None):
        self.socket = stream
        self.lines = self.socket.makefile("r", encoding="utf-8", newline="\n")
        if token:
            self.ask("Hello", version=1, client="codi_client.py", token=token)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()

    def send(self, kind, **body):
        """Sends a message and gives its id."""
        message_id = str(uuid.uuid4())
        now = datetime.now(timezone.utc).isoformat()
        message = {"id": message_id, "timestamp": now, "payload": {kind: body}}
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        return message_id

    def receive(self):
        """The next answer: its kind and its body."""
        line = self.lines.readline()
        if not line:
            raise ConnectionError("the daemon closed the connection")
        ((kind, body),) = json.loads(line)["payload"].items()
        return kind, body

    def ask(self, kind, **body):
        """Sends a message and waits for its answer."""
        self.send(kind, **body)
        answer, result = self.receive()
        if answer == "Error":
            raise RuntimeError(f"{result['code']}: {result['message']}")
        return result


def main(component, *messages):
    with Codi(connect(), os.environ.get("CODI_TOKEN")) as codi:
        # Sent in one go; answers may overtake each other.
        waiting = {
            codi.send("LogEntry", level="Info", component=component, message=message, metadata={"pid": os.getpid()})
            for message in messages
        }
        while waiting:
            _, answer = codi.receive()
            if answer["status"] != "Accepted":
                raise RuntimeError(f"not taken: {answer}")
            waiting.remove(answer["request_id"])
        page = codi.ask("QueryLogs", filter={"component": component}, limit=100)
        for entry in reversed(page["entries"]):
            print(entry["timestamp"], entry["level"], entry["message"])


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
