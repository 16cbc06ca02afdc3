# SPDX-License-Identifier: GPL-3.0-or-later
#
# What `cmake --install` puts where: the programs, their manual pages and completions, and the script for other desks. The dracut module is installed by its packages.
include(GNUInstallDirs)
set(ZSH_COMPLETIONS ${CMAKE_INSTALL_DATAROOTDIR}/zsh/site-functions CACHE STRING "Where zsh looks for a package's completions")

install(TARGETS dracut-sshd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_CURRENT_LIST_DIR}/man/dracut-sshd.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/man/dracut-sshd-hosts.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/completions/dracut-sshd.bash
  DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions RENAME dracut-sshd)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/completions/_dracut-sshd DESTINATION ${ZSH_COMPLETIONS})
# For desks that have neither the program nor a package: it is copied there.
install(PROGRAMS ${CMAKE_CURRENT_LIST_DIR}/desk/unlock-host DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/dracut-sshd-tools)
# systemd looks there on every distribution, whatever the prefix of the libraries.
install(FILES ${CMAKE_CURRENT_LIST_DIR}/units/dracut-sshd-watch.service DESTINATION lib/systemd/system)
if(NOT ORCHESTRATOR)
  return()
endif()

install(TARGETS orchestrator RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_CURRENT_LIST_DIR}/man/orchestrator.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/man/orchestrator-profile.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/completions/orchestrator.bash
  DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions RENAME orchestrator)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/completions/_orchestrator DESTINATION ${ZSH_COMPLETIONS})
