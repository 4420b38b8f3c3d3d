"""AES-256-GCM from the papers, for golden vectors: FIPS 197 and NIST SP 800-38D. Slow, and leaks its key by timing."""


def xtime(byte):
    return (byte << 1) ^ (0x11B if byte & 0x80 else 0)


def product(a, b):
    result = 0
    while b:
        result ^= a if b & 1 else 0
        a, b = xtime(a), b >> 1
    return result


def substitution():
    """FIPS 197, 5.1.1: the inverse, then the affine map."""
    box = []
    for byte in range(256):
        inverse = next((other for other in range(256) if product(byte, other) == 1), 0)
        rotations = (inverse >> shift | inverse << (8 - shift) for shift in (0, 4, 5, 6, 7))
        value = 0x63
        for rotated in rotations:
            value ^= rotated & 0xFF
        box.append(value)
    return box


BOX = substitution()


def expand(key):
    """FIPS 197, 5.2: the 60 words of a key of 256 bits, as 15 round keys."""
    words = [list(key[at : at + 4]) for at in range(0, 32, 4)]
    constant = 1
    for at in range(8, 60):
        word = words[-1]
        if at % 8 == 0:
            word = [BOX[byte] for byte in word[1:] + word[:1]]
            word[0] ^= constant
            constant = xtime(constant)
        elif at % 8 == 4:
            word = [BOX[byte] for byte in word]
        words.append([a ^ b for a, b in zip(words[-8], word)])
    return [sum(words[at : at + 4], []) for at in range(0, 60, 4)]


def encrypt_block(keys, block):
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number, key in enumerate(keys[1:], 1):
        state = [BOX[state[(at + 4 * (at % 4)) % 16]] for at in range(16)]
        if number < 14:
            mixed = []
            for at in range(0, 16, 4):
                a, b, c, d = state[at : at + 4]
                for w, x, y, z in ((a, b, c, d), (b, c, d, a), (c, d, a, b), (d, a, b, c)):
                    mixed.append(xtime(w) ^ xtime(x) ^ x ^ y ^ z)
            state = mixed
        state = [a ^ b for a, b in zip(state, key)]
    return bytes(state)


def ghash(subkey, data):
    """SP 800-38D, 6.3 and 6.4."""
    total, subkey = 0, int.from_bytes(subkey, "big")
    for at in range(0, len(data), 16):
        total ^= int.from_bytes(data[at : at + 16], "big")
        result, factor = 0, subkey
        for bit in range(127, -1, -1):
            result ^= factor if total >> bit & 1 else 0
            factor = factor >> 1 ^ (0xE1 << 120 if factor & 1 else 0)
        total = result
    return total.to_bytes(16, "big")


def padded(data):
    return data + bytes(-len(data) % 16)


def seal(key, nonce, plain, context):
    """SP 800-38D, 7.1, with a nonce of 96 bits: the ciphertext, then the tag of 16 bytes."""
    keys = expand(key)
    block = lambda counter: encrypt_block(keys, nonce + counter.to_bytes(4, "big"))
    stream = b"".join(block(2 + at) for at in range(-(-len(plain) // 16)))
    text = bytes(a ^ b for a, b in zip(plain, stream))
    lengths = (8 * len(context)).to_bytes(8, "big") + (8 * len(text)).to_bytes(8, "big")
    tag = ghash(encrypt_block(keys, bytes(16)), padded(context) + padded(text) + lengths)
    return text + bytes(a ^ b for a, b in zip(tag, block(1)))


# Test case 14 of "The Galois/Counter Mode of Operation", McGrew and Viega: a file that is wrong says so.
assert seal(bytes(32), bytes(12), bytes(16), b"").hex() == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
