# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# PE files, as far as dracut-sshd-rebuild(8) reads them.

# pe LISTING FILE [SIGNATURE]: a PE32+ file with one section .initrd that holds what is in the file LISTING, and a certificate table with the
# text SIGNATURE in it.
pe() {
  python3 - "$1" "$2" "${3-}" <<'END'
import struct
import sys

listing, signature = b"\n" + open(sys.argv[1], "rb").read(), sys.argv[3].encode()
raw = listing + b"\n" * (-len(listing) % 512)
table = struct.pack("<IHH", 8 + len(signature), 0x200, 2) + signature if signature else b""
offset = 1024 + len(raw)
directories = struct.pack("<8x8x8x8xII", offset if table else 0, len(table)) + bytes(8 * 11)
optional = struct.pack("<H106xI", 0x20B, 16) + directories
head = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, len(optional), 0x206) + optional
head += struct.pack("<8sIIII16x", b".initrd", len(listing), 0x1000, len(raw), 1024)
open(sys.argv[2], "wb").write(head + bytes(1024 - len(head)) + raw + table)
END
}
