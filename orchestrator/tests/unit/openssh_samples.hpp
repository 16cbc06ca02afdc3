// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

/// Keys that ssh-keygen made for these tests; their private halves are gone.
namespace samples {

inline const std::string kEd25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILF+DoUZVWoE0JaziE8273yyJ+nhK9xuwmPCKB6gj5vx";
inline const std::string kEd25519Fingerprint = "SHA256:59zpYWl91jCYDRpJgJEFlSZ0d0VhMJk8Rp0nXabKiuU";
inline const std::string kAuthority =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEhL9hzq5wwbtO9is5gyYk+3jPtbnUqd4m2nVmcVIJHV";
inline const std::string kAuthorityFingerprint = "SHA256:OoJKDM+2GfiR8GHNh8UeR/PlACTKP1WfiwXearZeIY4";
inline const std::string kEcdsa =
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBL3YavcOd/BYkb+0X6bNSkt3FvW8VbQjn+vYjQLl"
    "SeKR0msRpxCewUUPYO9d7sdpS7xYTr/+BbwfgcwAMTWetVg=";
inline const std::string kEcdsaFingerprint = "SHA256:bTqceNdQ006VT83j7QTvgVjKceklO6157l4Yfx5liFA";
inline const std::string kRsa =
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDDnQTIfQ6KvjTLpV5x/xEtiDBIk4kV6FBf8+lYOK/nIPBNOLcXgk8dKsS8u4eW/pKsYZOIX2RA"
    "/Gkh3kmKzl/DoipD/sdpNMWKmRqN4yKA28iFDPh6b4xQCQQ7vyYLVNdwe1t5xfQ1lEQBpFVENDv03Myw9OJcAwth08yZ3SwgalHV4z18D5Segwgw"
    "zh0YgMP9sJ7h1oHc3gGFg3s6zuArAv26mT0avMHcU49rE9xzoemoYk+Eg0durFtUv2YXtqzrjAKw++IoudlpEOcRdCIsXlhfVThqhZ3phkk7cm8M"
    "9ljqPlozs5tSAmlsLr5HClN8Gnpd2iItR/xgoXZLXPiF";
inline const std::string kRsaFingerprint = "SHA256:RdhVkR1wTohr+IPB3WNUB5AxHWrcyj0dOcbr5Jc4fR4";
inline const std::string kDsa =
    "ssh-dss AAAAB3NzaC1kc3MAAACBAJICFP1TJ/uyoAzGuJizC6OU1BJCRnxgnKi8ZTME3in2Rx6e8pqhuZq+n/Wdzdfw+lsfiy9mmOYk5l9tXvUT"
    "qvWsdZ5OtiNw+DwFCM28RfiVlXl3l+6RiKBREHKcHkM7sxJY/RnfQMyhZMrXqbbKvDNV8dIgvhm77tc0Zgg5oUuPAAAAFQDtM1YZIsXPr13yjV+H"
    "1uLW1OeyPwAAAIB+O/xiJuIY5Pta5nW/geVfBP+ttYSkDc0TprvwEfcjgeZ8ks+bpR7FkqpayA/8/DyIFHs+EL46JI1wS52kQj0Bpp0f7UVg/sYw"
    "obK9v62PgKLaJtpsBwMiyQIIIU5prc4ic7roOMRknpvFBuBi6BOSmnG3j9iGBHOjnRPu4v0qRwAAAIAwAC3z/wDN4iKlU1JUxCxvwYKP/rpvwaAj"
    "Uh6NRY9wZJ3vEhHwm7j9q2BG658/hNe7x3fMfIUVdBbm9g45jW5ZFfFXmDdHq1aFDfhmgKSMq5mAiHfPbGzDgm6A2jJ99fPaOQiHuzSySO37oUnH"
    "GEBqQ1AS6LJNSXWkn6Up8sSi8Q==";

/// ssh-keygen -s CA -I "key id" -n root,admin -z 42 -V 20260101Z:20270101Z -O force-command=/bin/true, of kEd25519.
inline const std::string kUserCertificate =
    "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIONMx9wNZTpHHtZX8i0t2/KJ3fV4"
    "nGqASY2Xf9tD4oKSAAAAILF+DoUZVWoE0JaziE8273yyJ+nhK9xuwmPCKB6gj5vxAAAAAAAAACoAAAABAAAABmtleSBpZAAAABEAAAAEcm9vdAAA"
    "AAVhZG1pbgAAAABpVbkAAAAAAGs27IAAAAAiAAAADWZvcmNlLWNvbW1hbmQAAAANAAAACS9iaW4vdHJ1ZQAAAIIAAAAVcGVybWl0LVgxMS1mb3J3"
    "YXJkaW5nAAAAAAAAABdwZXJtaXQtYWdlbnQtZm9yd2FyZGluZwAAAAAAAAAWcGVybWl0LXBvcnQtZm9yd2FyZGluZwAAAAAAAAAKcGVybWl0LXB0"
    "eQAAAAAAAAAOcGVybWl0LXVzZXItcmMAAAAAAAAAAAAAADMAAAALc3NoLWVkMjU1MTkAAAAgSEv2HOrnDBu072KzmDJiT7eM+1udSp3ibadWZxUg"
    "kdUAAABTAAAAC3NzaC1lZDI1NTE5AAAAQMlWHLSNNpvoZjMToZA1Hzb67Pdv555uoswPwWG8nfS0qnfj8mwOY7whcpICcWw/gKxhQS5Y0mmxtBt2"
    "4SYPnwU= test@example";
/// ssh-keygen -s CA -h -I hostid, of kEcdsa.
inline const std::string kHostCertificate =
    "ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgX9lPSVBH"
    "xOMr7dQ5IpaGwN6YsuMD1ij8UsWHmCY9rbcAAAAIbmlzdHAyNTYAAABBBL3YavcOd/BYkb+0X6bNSkt3FvW8VbQjn+vYjQLlSeKR0msRpxCewUUP"
    "YO9d7sdpS7xYTr/+BbwfgcwAMTWetVgAAAAAAAAAAAAAAAIAAAAGaG9zdGlkAAAAAAAAAAAAAAAA//////////8AAAAAAAAAAAAAAAAAAAAzAAAA"
    "C3NzaC1lZDI1NTE5AAAAIEhL9hzq5wwbtO9is5gyYk+3jPtbnUqd4m2nVmcVIJHVAAAAUwAAAAtzc2gtZWQyNTUxOQAAAEBEnz+tCvsMqYpVl8pW"
    "luuGkKjENBf9YWn+/d/rQrLXKZGr5MSsHP+m0RTJ1fFw2TI50+SpkIwLI0LIC43FAYME ec";

}  // namespace samples
