# SPDX-License-Identifier: GPL-3.0-or-later
#
# STATIC_PROGRAM: which libraries are found, and how the program is linked. ci/static-program builds it so.
if(NOT STATIC_PROGRAM)
  return()
endif()
if(ORCHESTRATOR OR BUILD_TESTING)
  message(FATAL_ERROR "STATIC_PROGRAM is for dracut-sshd alone: add -DORCHESTRATOR=OFF -DBUILD_TESTING=OFF")
endif()

# For find_library() and, through it, every find_package() and pkg_check_modules().
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(OPENSSL_USE_STATIC_LIBS ON)
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
# What nothing calls is left out, function by function.
add_compile_options(-ffunction-sections -fdata-sections)
# The return addresses of aarch64, and where it may jump to; what x86_64 has for it is among the flags of every build.
include(CheckCXXCompilerFlag)
check_cxx_compiler_flag(-mbranch-protection=standard has_branch_protection)
if(has_branch_protection)
  add_compile_options(-mbranch-protection=standard)
endif()
# In place of -pie, which would have the last word.
set(CMAKE_CXX_LINK_OPTIONS_PIE -static-pie)

# static_program(TARGET)
function(static_program target)
  set(replaced dlopen dlsym dlclose dladdr dlerror getaddrinfo freeaddrinfo getnameinfo gethostbyname iconv_open iconv iconv_close)
  target_sources(${target} PRIVATE src/boot/without_modules.cpp)
  # --wrap is not for what the compiler's plugin brings.
  set_source_files_properties(src/boot/without_modules.cpp PROPERTIES COMPILE_OPTIONS -fno-lto SKIP_UNITY_BUILD_INCLUSION ON)
  list(TRANSFORM replaced PREPEND LINKER:--wrap=)
  # The linker warns of functions that load shared libraries when they are called. There may be none.
  target_link_options(${target} PRIVATE ${replaced} LINKER:--fatal-warnings LINKER:--gc-sections LINKER:-z,text LINKER:-z,noexecstack
    LINKER:--build-id=sha1 LINKER:-Map=${target}.map)
  # Most of the addresses that are adjusted when the program starts take a bit each instead of 24 bytes. A linker that cannot do that for
  # the architecture only warns.
  include(CheckLinkerFlag)
  check_linker_flag(CXX LINKER:--fatal-warnings,-z,pack-relative-relocs has_z_pack_relative_relocs)
  if(has_z_pack_relative_relocs)
    target_link_options(${target} PRIVATE LINKER:-z,pack-relative-relocs)
  endif()
endfunction()
