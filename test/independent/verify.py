"""Checks a codi data directory, or proof bundles, with the public key alone.

Written from docs/ledger-format.md, RFC 6962, RFC 8032 and the C2SP notes; shares no code with codi.

    verify.py store <key.pub> <ledger.db|state.db> <checkpoint>    the database is a copy; it is opened read-only
    verify.py proof <key.pub> <proof.json>...
Entries of archived blocks are read from archive/ beside the database; of deleted ones only the leaf is known.
"""
import base64, gzip, hashlib, json, os, sqlite3, struct, sys, zlib

# Ed25519, RFC 8032 section 5.1.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
def recover_x(y, sign):
    if y >= P:
        raise ValueError("y is out of range")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        raise ValueError("not a point")
    return P - x if x & 1 != sign else x
def point(data):
    sign, y = divmod(int.from_bytes(data, "little"), 2**255)
    return (x := recover_x(y, sign)), y, 1, x * y % P
def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(scalar, p):
    result = (0, 1, 1, 0)
    while scalar:
        result, p, scalar = add(result, p) if scalar & 1 else result, add(p, p), scalar >> 1
    return result
BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
def is_signed(public, message, signature):
    s = int.from_bytes(signature[32:], "little")
    digest = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little")
    left, right = times(s, BASE), add(point(signature[:32]), times(digest % L, point(public)))
    is_equal = not any((left[axis] * right[2] - right[axis] * left[2]) % P for axis in (0, 1))
    return len(signature) == 64 and s < L and is_equal

# Signed notes and checkpoints.
def need(condition, reason):
    if not condition:
        raise ValueError(reason)

def read_keys(path):
    keys = {}
    for line in open(path, encoding="utf8").read().splitlines():
        name, key_id, text = line.split("+", 2)
        key = base64.b64decode(text, validate=True)
        need(key[0] == 1 and len(key) == 33, "not an Ed25519 key")
        digest = hashlib.sha256(name.encode() + b"\n" + key).digest()
        need(digest[:4].hex() == key_id, "the id of a key is not its own")
        keys[name, digest[:4]] = key[1:]
    return keys

def open_note(note, keys):
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    origin, size, root = text.split("\n")[:3]
    for line in signatures.splitlines():
        dash, name, data = line.split(" ")
        data = base64.b64decode(data, validate=True)
        need(dash == "\u2014", "a signature line is malformed")
        if name == origin and (name, data[:4]) in keys:
            need(is_signed(keys[name, data[:4]], text.encode(), data[4:]), "the signature is wrong")
            return origin, int(size), base64.b64decode(root, validate=True)
    raise ValueError("no signature of a given key")

# RFC 6962 section 2.1.
leaf_hash = lambda data: hashlib.sha256(b"\0" + data).digest()
node_hash = lambda left, right: hashlib.sha256(b"\1" + left + right).digest()
split = lambda count: 1 << (count - 1).bit_length() - 1
def tree_hash(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    k = split(len(leaves))
    return node_hash(tree_hash(leaves[:k]), tree_hash(leaves[k:]))
def root_of(leaf, index, size, path):
    if size <= 1:
        need(size == 1 and index == 0 and not path, "the path is too long")
        return leaf
    k = split(size)
    need(path and index < size, "the path is too short")
    if index < k:
        return node_hash(root_of(leaf, index, k, path[:-1]), path[-1])
    return node_hash(path[-1], root_of(leaf, index - k, size - k, path[:-1]))

# Canonical bytes, from rows. b: u8, I: u32, q: i64, s: text or bytes or NULL, o: i64 or NULL.
STREAMS = {
    1: ("logs", "id", "id q, seconds q, nanos I, level b, component s, session_id s, message s, metadata s,"
        " tenant_id s, user_id s, created_ms q"),
    2: ("file_events", "seq", "seq q, root_id q, seconds q, nanos I, event b, kind b, path s, from_path s, size o,"
        " old_size o, seen b, ino ?, checksum s, session_id s, tenant_id s, user_id s"),
    3: ("coordination", "seq", "seq q, revision q, seconds q, nanos I, kind s, subject s, data s, session_id s,"
        " tenant_id s, user_id s"),
    4: ("roots", "root_id", "root_id q, path s, created_ms q"),
    5: ("acts", "seq", "seq q, act_id s, seconds q, nanos I, kind s, subject s, actor s, data s, tenant_id s, user_id s"),
    6: ("export_archive", "id", "id q, capture_id s, seconds q, nanos I, state b, kind b, original_path s, archive_path s,"
        " file_size o, checksum s, base s, stored_bytes o, dev o, ino o, mtime_seconds o, mtime_nanos o, session_id s,"
        " session_by o, reason s, facts s, tenant_id s, user_id s"),
}
LATER = {(1, 2): ", session_by b", (2, 2): ", old_checksum s", (2, 3): ", old_checksum s, session_by b"}  # columns that another version of the encoding adds
STAT = (("dev", "q"), ("ino", "q"), ("stat_size", "q"), ("mtime_seconds", "q"), ("mtime_nanos", "I"),
        ("ctime_seconds", "q"), ("ctime_nanos", "I"), ("mode", "q"), ("nlink", "q"))

def encode(value, kind, row):
    if kind == "?":
        return b"\0" if value is None else b"\1" + b"".join(encode(row[name], of, row) for name, of in STAT)
    if kind == "o":
        return b"\0" if value is None else b"\1" + struct.pack("<q", value)
    if kind == "s":
        return struct.pack("<I", 2**32 - 1) if value is None else struct.pack("<I", len(value)) + value
    return struct.pack("<" + kind.replace("b", "B"), value)

def entry_of(stream, row):
    is_later = [row.get(name) is not None for name in ("session_by", "old_checksum")] if stream in (1, 2) else [False]
    version = {1: 2, 2: 3}[stream] if is_later[0] else 2 if any(is_later) else 1
    fields = [column.split() for column in (STREAMS[stream][2] + LATER.get((stream, version), "")).split(",")]
    return bytes((stream, version)) + b"".join(encode(row[name], of, row) for name, of in fields)

def canonical(database, block):
    ranges = "SELECT stream, first, last FROM block_ranges WHERE block = ? ORDER BY stream"
    for stream, first, last in database.execute(ranges, (block,)).fetchall():
        table, key, _ = STREAMS[stream]
        rows = database.execute(f"SELECT * FROM {table} WHERE {key} BETWEEN ? AND ? ORDER BY {key}", (first, last))
        rows = [dict(zip([column[0] for column in rows.description], row)) for row in rows]
        need([row[key] for row in rows] == list(range(first, last + 1)), f"block {block}: entries are missing")
        for row in rows:
            yield entry_of(stream, row)

NAMES = (None, "log", "file", "state", "root", "act", "export")
WORDS = {"level": "Trace Debug Info Warn Error", "event": "create update delete move attrib access transient",
         "kind": "file dir symlink other", "seen": "native poll reconcile hint",
         "session_by": "given connection path config",
         "state": "captured duplicate empty refused unreadable vanished", (6, "kind"): "export transcript"}

def entry_bytes(entry):
    """The canonical bytes of an entry as a proof bundle or a segment shows it."""
    tag, stat = NAMES.index(entry["stream"]), entry.get("stat") or {"ino": None}
    row = {**stat, "stat_size": stat.get("size"), STREAMS[tag][1]: entry.get("number"), **entry}
    fields = [column.split() for column in STREAMS[tag][2].split(",")]
    for name, of in fields + [("dev", "u"), ("ino", "u"), ("old_checksum", "s"), ("session_by", "b")]:
        value = row.setdefault(name)
        words = WORDS.get((tag, name)) or WORDS.get(name)
        if words and value is not None and (of == "b" or tag == 6):
            row[name] = words.split().index(value)
        elif of == "u" and value is not None:
            row[name] = (int(value) + 2**63) % 2**64 - 2**63
        elif isinstance(value, dict):
            row[name] = bytes.fromhex(value["hex"])
        elif of == "s" and value is not None:
            is_hex = name in ("checksum", "old_checksum", "act_id", "capture_id", "base")
            row[name] = bytes.fromhex(value) if is_hex else value.encode()
            row[name] = base64.b64decode(row.get(name + "_b64") or "") or row[name]
    return entry_of(tag, row)

def archived(database, folder):
    """The leaf of each block that left the tables, from its segment; None where the entries were deleted."""
    leaves = {}
    query = "SELECT first_block, last_block, file, sha256, removed_ms FROM segments"
    for first, last, file, digest, removed in database.execute(query).fetchall():
        is_kept = file is not None and removed is None
        entries, block = dict.fromkeys(range(first, last + 1), b"" if is_kept else None), first
        if is_kept:
            data = open(os.path.join(folder, "archive", file.decode()), "rb").read()
            need(hashlib.sha256(data).digest() == digest, f"{file.decode()} is not the file that was archived")
            for line in map(json.loads, gzip.decompress(data).decode().split("\n")[:-1]):
                block = line.get("block", block)
                entries[block] += entry_bytes(line) if "stream" in line else b""
        leaves.update((block, None if data is None else leaf_hash(data)) for block, data in entries.items())
    return leaves

def check_store(keys, path, checkpoint):
    origin, size, root = open_note(open(checkpoint, encoding="utf8").read(), keys)
    need(origin.rsplit("/", 1)[1].split(".")[0] == path.rsplit("/", 1)[-1].split(".")[0], "it is of another database")
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.text_factory = bytes
    leaves, moved = [], archived(database, os.path.dirname(path)) if "/ledger" in origin else {}
    for block, stored in database.execute("SELECT n, leaf FROM blocks ORDER BY n").fetchall():
        need(block == len(leaves), f"block {len(leaves)} is missing")
        leaves.append(moved[block] or stored if block in moved else leaf_hash(b"".join(canonical(database, block))))
        need(leaves[-1] == stored, f"block {block} does not match its entries")
    need(len(leaves) >= size, f"{len(leaves)} blocks are stored, {size} were signed")
    need(tree_hash(leaves[:size]) == root, "the blocks are not the ones that were signed")
    return f"{len(leaves)} blocks, {size} of them signed by {origin}, {[*moved.values()].count(None)} by leaf alone"

def check_proof(keys, path):
    proof = json.load(open(path, encoding="utf8"))
    origin, size, root = open_note(proof["checkpoint"], keys)
    data = base64.b64decode(proof["block"]["canonical"], validate=True)
    leaf, block = leaf_hash(data), proof["block"]["n"]
    need(leaf == base64.b64decode(proof["block"]["leaf"]), "the bytes do not match the leaf")
    need(proof["inclusion"]["tree_size"] == size, "the path is for another tree")
    nodes = [base64.b64decode(node, validate=True) for node in proof["inclusion"]["path"]]
    need(root_of(leaf, block, size, nodes) == root, "the path does not lead to the signed root")
    need(entry_bytes(proof["entry"]) in data, "the entry is not the one in the block")
    return f"{proof['entry']['stream']}:{proof['entry']['number']} in block {block} of {size}, signed by {origin}"

if __name__ == "__main__":
    what, key_file, *paths = sys.argv[1:]
    try:
        known = read_keys(key_file)
        found = [check_store(known, *paths)] if what == "store" else [check_proof(known, path) for path in paths]
        print(*found, sep="\n")
    except (ValueError, LookupError, TypeError, EOFError, OSError, zlib.error, struct.error, sqlite3.Error) as error:
        sys.exit(f"not as it should be: {error}")
