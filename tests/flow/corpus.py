# SPDX-License-Identifier: Apache-2.0
"""Hostile files and hostile programs, made here: each with what must become of it. A picture's row is
its name, its bytes and the code of its job; None: it is rendered, for only its size or its words were
odd. A program's row is its name, its arguments, code and a word of the error."""
import io
import struct
import zipfile
import zlib

from PIL import Image


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


photo = Image.effect_noise((600, 400), 90).convert("RGB")
JPEG = saved(photo, "JPEG", quality=90)
PROGRESSIVE = saved(photo.resize((48, 48)), "JPEG", progressive=True)
PNG = saved(photo, "PNG")
WEBP = saved(photo, "WEBP", quality=90)
GIF = saved(photo, "GIF")
TIFF = saved(photo, "TIFF")


# ---- PNG ----

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, *more, depth=8, colour=0, pixels=b"\0" * 9):
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(more)
            + chunk(b"IDAT", zlib.compress(pixels, 9)) + chunk(b"IEND", b""))


SMALL = b"\0\x7f\x7f" * 2       # two by two grey pixels
ZEROS = zlib.compress(bytes(200 << 20), 9)


# ---- JPEG ----

def jpeg_with(*segments):
    return JPEG[:2] + b"".join(b"\xff" + bytes([kind]) + struct.pack(">H", len(data) + 2) + data
                               for kind, data in segments) + JPEG[2:]


def jpeg_of_height(height):
    at = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:at] + struct.pack(">H", height) + JPEG[at + 2:]


def jpeg_of_scans(n):
    """The last scan of a progressive picture, again and again."""
    last = PROGRESSIVE.rindex(b"\xff\xda")
    return PROGRESSIVE[:-2] + PROGRESSIVE[last:-2] * n + PROGRESSIVE[-2:]


# ---- TIFF ----

def tiff(*entries, after=0, data=b""):
    """One directory at 8; entries: (tag, kind, count, value)."""
    body = b"".join(struct.pack("<HHII", *e) for e in sorted(entries))
    return (b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + struct.pack("<I", after) + data)


def grey_tiff(width, height, strip, size, after=0, data=b"", compression=1, count=1):
    return tiff((256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, compression),
                (262, 3, 1, 1), (273, 4, count, strip), (277, 3, 1, 1), (278, 4, 1, height),
                (279, 4, count, size), after=after, data=data)


BEHIND = 8 + 2 + 9 * 12 + 4     # where the data of grey_tiff() begin


# ---- WebP and GIF ----

def riff(*chunks):
    body = b"WEBP" + b"".join(k + struct.pack("<I", len(d)) + d + b"\0" * (len(d) % 2)
                              for k, d in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def lossless(width, height):
    return struct.pack("<BI", 0x2f, (width - 1) | (height - 1) << 14) + bytes(40)


def gif_of_frames(n):
    """Each is a whole picture of 4000 x 4000, in a few bytes that do not fill it."""
    frame = b",\0\0\0\0\xa0\x0f\xa0\x0f\0\x02\x02\x4c\x01\0"
    return (b"GIF89a\xa0\x0f\xa0\x0f\x80\0\0\0\0\0\xff\xff\xff" + frame * n + b";")


def archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("evil.sh", "rm -rf /")
    return out.getvalue()


SVG = ('<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
       '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
       'xmlns:xi="http://www.w3.org/2001/XInclude" width="9" height="9">%s</svg>')
SCRIPT = b"*/=1;alert(document.domain)//"

PICTURES = [
    # bombs: little comes in, much would come out
    ("bomb: PNG of 30000 x 30000", png(30000, 30000, pixels=bytes(30001 * 300)), "image_too_large"),
    ("bomb: PNG of 2^31 - 1 squared", png(2**31 - 1, 2**31 - 1), "image_damaged"),
    ("bomb: TIFF of 60000 x 60000", grey_tiff(60000, 60000, BEHIND, 64, compression=8,
                                              data=zlib.compress(bytes(9999))), "image_too_large"),
    ("bomb: WebP of 16383 x 16383", riff((b"VP8L", lossless(16383, 16383))), "image_too_large"),
    ("bomb: GIF of 5000 frames of 4000 x 4000", gif_of_frames(5000), "image_too_large"),
    ("bomb: PNG whose zTXt is 200 MiB", png(2, 2, chunk(b"zTXt", b"k\0\0" + ZEROS), pixels=SMALL), None),
    ("bomb: PNG whose iCCP is 200 MiB", png(2, 2, chunk(b"iCCP", b"k\0\0" + ZEROS), pixels=SMALL), None),
    ("bomb: PNG of 100000 tEXt", png(2, 2, chunk(b"tEXt", b"k\0v") * 100_000, pixels=SMALL), None),
    ("bomb: JPEG of 3000 scans", jpeg_of_scans(3000), "image_too_complex"),
    ("bomb: JPEG of 30000 markers", jpeg_with(*[(0xfe, b"x")] * 30_000), "image_too_complex"),
    # cut off
    *[(f"cut: JPEG at {part} of 8", JPEG[:len(JPEG) * part // 8], "image_truncated") for part in (1, 4, 7)],
    ("cut: JPEG within its header", JPEG[:100], "image_truncated"),
    ("cut: PNG at half", PNG[:len(PNG) // 2], "image_damaged"),
    ("cut: WebP at half", WEBP[:len(WEBP) // 2], "image_truncated"),
    ("cut: GIF at half", GIF[:len(GIF) // 2], "image_truncated"),
    ("cut: TIFF at half", TIFF[:len(TIFF) // 2], "image_damaged"),
    ("cut: one byte", b"\xff", "not_an_image"),
    # headers that lie
    ("lie: JPEG ten times as high as its data", jpeg_of_height(4000), "image_truncated"),
    ("lie: JPEG without height", jpeg_of_height(0), "image_damaged"),
    ("lie: PNG of more rows than its data", png(2, 200, pixels=SMALL), "image_damaged"),
    ("lie: PNG whose sums are wrong", PNG[:29] + b"\0\0\0\0" + PNG[33:], "image_damaged"),
    ("lie: TIFF whose strip is elsewhere", grey_tiff(9, 9, 2**31, 81), "image_damaged"),
    ("lie: TIFF of 2^32 - 1 strips", grey_tiff(9, 9, BEHIND, 81, data=bytes(81), count=2**32 - 1),
     "image_damaged"),
    ("lie: TIFF whose next page is itself", grey_tiff(9, 9, BEHIND, 81, after=8, data=bytes(81)), None),
    ("lie: WebP whose size is 4 GiB", b"RIFF\xff\xff\xff\xff" + WEBP[8:], "image_truncated"),
    ("lie: GIF on a screen of 65535 x 65535", b"GIF89a" + b"\xff" * 4 + GIF[10:], None),
    ("lie: JPEG with a profile of noise", jpeg_with((0xe2, b"ICC_PROFILE\0\1\1" + PNG[-9999:])), None),
    # two things at once
    ("two: JPEG and ZIP", JPEG + archive(), None),
    ("two: GIF and script", GIF[:-1] + b"!\xfe" + bytes([len(SCRIPT)]) + SCRIPT + b"\0;", None),
    ("two: script that begins as a GIF", b"GIF89a/*" + GIF[8:200] + SCRIPT, "image_truncated"),
    ("two: PDF and JPEG", b"%PDF-1.4\n1 0 obj<<>>stream\n" + JPEG + b"\nendstream", "unsupported_format"),
    ("two: JPEG and PHP", jpeg_with((0xfe, b"<?php system($_GET[0]); ?>")), None),
    ("two: page and JPEG", b"<html><script>alert(1)</script>" + JPEG, "not_an_image"),
    # what would fetch or run something elsewhere
    ("reach: SVG with an image elsewhere",
     (SVG % '<image xlink:href="http://127.0.0.1:1/x.png"/>').encode(), "unsupported_format"),
    ("reach: SVG with a file", (SVG % "<text>&x;</text>").encode(), "unsupported_format"),
    ("reach: SVG with an XInclude", (SVG % '<xi:include href="file:///etc/passwd" parse="text"/>').encode(),
     "unsupported_format"),
    ("reach: XMP with an entity", jpeg_with((0xe1, b"http://ns.adobe.com/xap/1.0/\0" + SVG[:90].encode())),
     None),
    ("reach: MVG with a URL", b"push graphic-context\nfill 'url(http://127.0.0.1:1/\"|id\")'\n",
     "not_an_image"),
    ("reach: PostScript with a pipe", b"%!PS\n(%pipe%id) (r) file\n", "unsupported_format"),
]


# ---- programs: $1 is the input, $2 the output ----

def shell(script):
    return "/bin/sh", ["-c", script, "sh", "{input}", "{output}"]


def python(script):
    return "/usr/bin/python3", ["-c", script, "{input}", "{output}"]


GOOD = "cp $1 $2"               # the pictures that programs get are PNG already
PROGRAMS = [
    ("crash", "dies of a segmentation fault", *shell("kill -SEGV $$"), "command_failed", "signal 11"),
    ("spin", "spins", *shell("while :; do :; done"), "render_timeout", "not done within"),
    ("eat", "allocates without end", *python("x = []\nwhile True: x.append(bytes(64 << 20))"),
     "command_failed", "MemoryError"),
    ("fork", "forks without end",
     *python("import os, time\nwhile True:\n try: os.fork()\n except OSError: time.sleep(.1)"),
     "render_timeout", "not done within"),
    ("spread", "starts 200 processes", *shell("for i in $(seq 200); do sleep 99 & done; wait"),
     "command_failed", "Cannot fork"),
    ("socket", "opens a socket", *python("import socket; socket.socket()"), "command_failed",
     "Operation not permitted"),
    ("unix", "opens a UNIX socket", *python("import socket; socket.socket(socket.AF_UNIX)"),
     "command_failed", "Operation not permitted"),
    ("look", "reads other blobs", *shell("cat {blobs}/sha256/* > $2"), "command_failed", "No such file"),
    ("spy", "looks for the host's processes",
     *shell("cat /proc/*/environ | tr '\\0' '\\n' | grep KAFKA && cp $1 $2"), "command_failed", "exit code 1"),
    ("write", "writes to the system", *shell("echo x > /usr/bin/x && cp $1 $2"), "command_failed",
     "Read-only file system"),
    ("kill", "kills all that it can", *shell("kill -9 -1; exit 7"), "command_failed", "exit code 7"),
    ("words", "writes words for a picture", *shell("echo forged > $2"), "not_an_image", "output"),
    ("link", "links its output to the system", *shell("ln -s /etc/passwd $2"), "command_failed",
     "wrote no output"),
    ("pipe", "makes its output a pipe", *shell("mkfifo $2"), "command_failed", "wrote no output"),
    ("large", "writes without end", *shell("cat /dev/zero > $2"), "command_failed", "signal 25"),
    ("talk", "says more than anybody reads", *shell("yes"), "render_timeout", "not done within"),
    ("stay", "leaves a process behind", *shell("(sleep 47110815 &); " + GOOD), None, ""),
    ("leave", "leaves one in a session of its own", *shell("setsid sleep 47110816 & " + GOOD), None, ""),
]
