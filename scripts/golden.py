#!/usr/bin/env python3
"""Prints the golden vectors: tokens, and what a store keeps, made by a second implementation.

    scripts/golden.py > tests/golden/vectors.rs     writes them anew: only when the format gets a new version
    scripts/golden.py --check                       says whether the file still is what this prints

Nothing here comes from the crate. The format is described in src/token/mod.rs, src/key/ and src/store/sealed/;
this is the same once more, from RFC 2104 (HMAC), RFC 5869 (HKDF), RFC 4648 (base64url), and aes_gcm.py.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

import aes_gcm


def sha256(data):
    return hashlib.sha256(data).digest()


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def hkdf(key, label):
    """RFC 5869 with SHA-256: one block of 32 bytes."""
    extracted = mac(b"countersign v1", key)
    return mac(extracted, label + b"\x01")


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_name(key):
    return hkdf(key, b"countersign v1 key name")[:1]


def context(key, audience, label=b"countersign token v1"):
    """One block of 64 bytes: a label, the key's name, whom the token is for."""
    return label.ljust(31, b"\x00") + key_name(key) + sha256(audience.encode())


def token(key, audience, secret, session_id, purpose=b"countersign v1 session token", label=b"countersign token v1"):
    tag = mac(hkdf(key, purpose), context(key, audience, label) + secret + session_id)
    return ".".join(base64url(part) for part in (secret, session_id, key_name(key) + tag))


def successor(key, audience, secret, session_id, nonce):
    """The secret that follows another at rotation."""
    message = context(key, audience) + secret + session_id + nonce
    return mac(hkdf(key, b"countersign v1 secret succession"), message)


KEYS = {
    "KEY": bytes(range(32)),
    "NEW_KEY": sha256(b"a key of the golden vectors"),
    "LONG_KEY": bytes(reversed(range(200))),
}

SECRET = sha256(b"a secret of the golden vectors")
SESSION_ID = sha256(b"a session of the golden vectors")[:18]
NONCE = sha256(b"a nonce of the golden vectors")[:16]
SUCCESSOR = successor(KEYS["KEY"], "", SECRET, SESSION_ID, NONCE)

TOKENS = [
    # key, audience, secret, session id
    ("KEY", "", SECRET, SESSION_ID),
    ("KEY", "", bytes(32), bytes(18)),
    ("KEY", "", b"\xff" * 32, b"\xff" * 18),
    ("KEY", "", SUCCESSOR, SESSION_ID),
    ("KEY", "shop", SECRET, SESSION_ID),
    ("KEY", "shop-eu", SECRET, SESSION_ID),
    ("KEY", "Größe", SECRET, SESSION_ID),
    ("NEW_KEY", "", SECRET, SESSION_ID),
    ("NEW_KEY", "", SUCCESSOR, SESSION_ID),
    ("LONG_KEY", "shop", SECRET, SESSION_ID),
]


def standard(data):
    return base64.b64encode(data).decode()


ANONYMOUS = {
    "id": base64url(bytes(18)),
    "secret": standard(sha256(bytes(32))),
    "remembered": False,
    "created_at": 1_800_000_000_000,
    "authenticated_at": 1_800_000_000_000,
    "last_seen_at": 1_800_000_060_000,
    "absolute_at": 1_800_028_800_000,
    "idle_millis": 1_800_000,
    "user": None,
    "origin": None,
    "attributes": {},
    "succession": None,
}

OF_A_USER = {
    "id": base64url(SESSION_ID),
    "secret": standard(sha256(SECRET)),
    "remembered": True,
    "created_at": 1_800_000_000_000,
    "authenticated_at": 1_800_000_000_000,
    "last_seen_at": 1_800_001_800_000,
    "absolute_at": 1_802_592_000_000,
    "idle_millis": 1_209_600_000,
    "user": "ada",
    "origin": {
        "roles": ["editor", "admin"],
        "device": {"id": "d-17", "name": "Ada's phone", "kind": "phone", "os": "iPhone", "browser": "Safari 18"},
        "address": "2001:db8::1",
    },
    "attributes": {"bytes": standard(b"\x00\xff"), "cart.17": standard(b"2"), "größe": standard(b'"XL"')},
    "succession": {
        "since": 1_800_000_900_000,
        "pending": {"hash": standard(sha256(SUCCESSOR)), "nonce": list(NONCE)},
        "previous": [{"hash": standard(sha256(b"before")), "honoured_until": 1_800_000_930_000}],
    },
}


def framed(text):
    return len(text.encode()).to_bytes(8, "big") + text.encode()


def sealed(key, nonce, plain, session_id, user, part):
    """One byte that names the key, the nonce, the ciphertext, the tag. Bound to session, user and part."""
    bound = b"countersign sealed v1" + session_id + (b"\x00" if user is None else b"\x01" + framed(user)) + part
    text = aes_gcm.seal(hkdf(key, b"countersign v1 sealing"), nonce, plain, bound)
    return standard(hkdf(key, b"countersign v1 sealing key name")[:1] + nonce + text)


def sealed_record(record, key, session_id):
    nonce = lambda of: sha256(b"a nonce for " + of.encode())[:12]
    seal = lambda of, plain, part: sealed(key, nonce(of), plain, session_id, record["user"], part)
    device, address = record["origin"]["device"], record["origin"]["address"]
    description = {name: device[name] for name in ("name", "kind", "os", "browser")} | {"address": address}
    plain = json.dumps(description, ensure_ascii=False, separators=(",", ":")).encode()
    origin = {
        "roles": record["origin"]["roles"],
        "device": {"id": device["id"], "kind": "unknown"},
        "address": None,
        "sealed": seal("the origin", plain, b"\x02"),
    }
    values = {
        name: seal(name, base64.b64decode(value), b"\x01" + framed(name)) for name, value in record["attributes"].items()
    }
    return record | {"origin": origin, "attributes": values}


# Its id follows from its name. It has rotated once, and a new secret waits for its first use.
SERVICE_ID = sha256(b"countersign service" + b"orders")[:16] + sha256(b"\x01services")[:2]
SERVICE_SECRETS = [sha256(b"secret %d of a service" % number) for number in (1, 2, 3)]
SERVICE = ANONYMOUS | {
    "id": base64url(SERVICE_ID),
    "secret": standard(bytes(32)),
    "absolute_at": 2**64 - 1,
    "idle_millis": 3_153_600_000_000,
    "user": "\x01services",
    "attributes": {
        "\x01service": standard(
            json.dumps(
                {
                    "name": "orders",
                    "permissions": ["session.read", "session.write"],
                    "current": standard(sha256(SERVICE_SECRETS[1])),
                    "next": {"hash": standard(sha256(SERVICE_SECRETS[2])), "overlap": 60_000},
                    "previous": [{"hash": standard(sha256(SERVICE_SECRETS[0])), "honoured_until": 1_800_001_861_000}],
                },
                separators=(",", ":"),
            ).encode()
        )
    },
}


def service_token(secret):
    return token(KEYS["KEY"], "", secret, SERVICE_ID, b"countersign v1 service token", b"countersign service v1")


# The ring, the token that comes in, and the one that goes out.
HANDED_OUT = [
    (["KEY"], token(KEYS["KEY"], "", SECRET, SESSION_ID), token(KEYS["KEY"], "", SUCCESSOR, SESSION_ID)),
    (["NEW_KEY", "KEY"], token(KEYS["KEY"], "", SECRET, SESSION_ID), token(KEYS["NEW_KEY"], "", SUCCESSOR, SESSION_ID)),
]


def lines():
    yield "//! Printed by `scripts/golden.py`: a format that is in use does not change."
    yield ""
    for name, key in KEYS.items():
        yield f'pub(crate) const {name}: &str = "{standard(key)}";'
    yield ""
    yield "pub(crate) struct Golden {"
    for field in ("key", "audience", "session_id", "token"):
        yield f"    pub(crate) {field}: &'static str,"
    yield "}"
    yield ""
    yield f"pub(crate) const TOKENS: [Golden; {len(TOKENS)}] = ["
    for key, audience, secret, session_id in TOKENS:
        yield "    Golden {"
        yield f"        key: {key},"
        yield f'        audience: "{audience}",'
        yield f'        session_id: "{base64url(session_id)}",'
        yield f'        token: "{token(KEYS[key], audience, secret, session_id)}",'
        yield "    },"
    yield "];"
    for name, record in (("ANONYMOUS", ANONYMOUS), ("OF_A_USER", OF_A_USER)):
        yield ""
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        yield f'pub(crate) const {name}: &str = r#"{text}"#;'
    yield ""
    yield "/// The session OF_A_USER, as a sealed store keeps it."
    text = json.dumps(sealed_record(OF_A_USER, KEYS["KEY"], SESSION_ID), ensure_ascii=False, separators=(",", ":"))
    yield f'pub(crate) const SEALED: &str = r#"{text}"#;'
    yield ""
    yield "/// For the session OF_A_USER: the ring, the token that comes in, and the one that goes out."
    yield f"pub(crate) const HANDED_OUT: [(&[&str], &str, &str); {len(HANDED_OUT)}] = ["
    for ring, comes, goes in HANDED_OUT:
        yield "    ("
        yield f"        &[{', '.join(ring)}],"
        yield f'        "{comes}",'
        yield f'        "{goes}",'
        yield "    ),"
    yield "];"
    yield ""
    yield "/// A service, as a store keeps it, and the tokens of its previous, its current and its next secret."
    yield '#[cfg(feature = "service")]'
    yield f'pub(crate) const SERVICE: &str = r#"{json.dumps(SERVICE, ensure_ascii=True, separators=(",", ":"))}"#;'
    yield '#[cfg(feature = "service")]'
    yield "pub(crate) const SERVICE_TOKENS: [&str; 3] = ["
    for secret in SERVICE_SECRETS:
        yield f'    "{service_token(secret)}",'
    yield "];"


if __name__ == "__main__":
    text = "\n".join(lines()) + "\n"
    if "--check" not in sys.argv[1:]:
        sys.stdout.write(text)
    elif (pathlib.Path(__file__).parent.parent / "tests/golden/vectors.rs").read_text(encoding="utf-8") != text:
        sys.exit("tests/golden/vectors.rs is not what scripts/golden.py prints")
