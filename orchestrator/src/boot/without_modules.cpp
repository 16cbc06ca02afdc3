// SPDX-License-Identifier: GPL-3.0-or-later
//
// For STATIC_PROGRAM alone. The libraries call these functions of the C library for what dracut-sshd never asks of
// them: to load a provider that a configuration of OpenSSL names, to connect to a host, and to convert a locale's
// characters. In a statically linked program glibc loads shared libraries for that, which have to be of the very
// version that it was linked with. The linker has the calls come here (--wrap=NAME), and they fail.
#include <dlfcn.h>
#include <iconv.h>
#include <netdb.h>

#include <cerrno>
#include <cstddef>

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names, ld(1)
extern "C" {

void* __wrap_dlopen(const char* /*file*/, int /*mode*/) { return nullptr; }
void* __wrap_dlsym(void* /*handle*/, const char* /*name*/) { return nullptr; }
int __wrap_dlclose(void* /*handle*/) { return -1; }
int __wrap_dladdr(const void* /*address*/, Dl_info* /*info*/) { return 0; }
char* __wrap_dlerror() {
  static char text[] = "a statically linked program loads no module";
  return text;
}

int __wrap_getaddrinfo(const char* /*node*/, const char* /*service*/, const addrinfo* /*hints*/,
                       addrinfo** /*result*/) {
  return EAI_FAIL;
}
void __wrap_freeaddrinfo(addrinfo* /*result*/) {}
int __wrap_getnameinfo(const sockaddr* /*address*/, socklen_t /*size*/, char* /*host*/, socklen_t /*host_size*/,
                       char* /*service*/, socklen_t /*service_size*/, int /*flags*/) {
  return EAI_FAIL;
}
hostent* __wrap_gethostbyname(const char* /*name*/) { return nullptr; }

iconv_t __wrap_iconv_open(const char* /*to*/, const char* /*from*/) {
  errno = EINVAL;
  return reinterpret_cast<iconv_t>(-1);  // NOLINT(performance-no-int-to-ptr): iconv_open(3)
}
std::size_t __wrap_iconv(iconv_t /*open*/, char** /*in*/, std::size_t* /*in_left*/, char** /*out*/,
                         std::size_t* /*out_left*/) {
  errno = EBADF;
  return static_cast<std::size_t>(-1);
}
int __wrap_iconv_close(iconv_t /*open*/) { return -1; }

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
