"""zstd frames for tests: ordinary ones by the zstd tool, hostile ones by hand."""
import os
import subprocess
import tempfile

MAGIC = b"\x28\xb5\x2f\xfd"


def compress(data, *options):
    """By the zstd command, without a checksum unless asked for; the window is at most 1 MiB."""
    done = subprocess.run(["zstd", "-q", "-c", "--no-check", "--zstd=wlog=20",
                           f"--stream-size={len(data)}", *options], input=data,
                          capture_output=True, check=True, timeout=30)
    return done.stdout


def decompress(data):
    return subprocess.run(["zstd", "-q", "-d", "-c"], input=data, capture_output=True,
                          check=True, timeout=30).stdout


def with_dictionary(data):
    """A frame that needs a dictionary and says so by its id."""
    with tempfile.TemporaryDirectory() as directory:
        paths = []
        for i in range(200):
            path = os.path.join(directory, str(i))
            with open(path, "wb") as out:
                out.write(b"sample number %d of the dictionary " % i * 4)
            paths.append(path)
        dictionary = os.path.join(directory, "dict")
        subprocess.run(["zstd", "-q", "--train", *paths, "-o", dictionary, "--maxdict=1024"],
                       check=True, capture_output=True, timeout=30)
        return compress(data, "-D", dictionary)


def _block(kind, size, body, last):
    return (int(last) | kind << 1 | size << 3).to_bytes(3, "little") + body


def stored(data, size=None, window=None):
    """Raw blocks. `size` is the declared content size (None: not declared, a window stands)."""
    blocks = [data[i:i + (1 << 17)] for i in range(0, len(data), 1 << 17)] or [b""]
    body = b"".join(_block(0, len(b), b, b is blocks[-1]) for b in blocks)
    return header(size, window) + body


def runs(count, byte=b"\0", size=None, window=None):
    """RLE blocks that make `count` bytes from almost nothing."""
    lengths = [1 << 17] * (count >> 17) + ([count % (1 << 17)] if count % (1 << 17) else [])
    body = b"".join(_block(1, n, byte, i == len(lengths) - 1) for i, n in enumerate(lengths))
    return header(size, window) + body


def header(size=None, window=None):
    """Single segment with an 8-byte content size, or a window descriptor (default 128 KiB)."""
    if size is not None and window is None:
        return MAGIC + bytes([0xE0]) + size.to_bytes(8, "little")
    exponent = (window or 1 << 17).bit_length() - 1 - 10
    if size is not None:
        return MAGIC + bytes([0xC0, exponent << 3]) + size.to_bytes(8, "little")
    return MAGIC + bytes([0x00, exponent << 3])


def skippable(data=b"1234"):
    return b"\x50\x2a\x4d\x18" + len(data).to_bytes(4, "little") + data
