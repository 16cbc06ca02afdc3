# SPDX-License-Identifier: GPL-3.0-or-later
#
# What `cmake --install` puts where: the program, its manual pages and its completions. dracut-sshd itself is installed by its packages.
include(GNUInstallDirs)

install(TARGETS orchestrator RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_CURRENT_LIST_DIR}/man/orchestrator.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/man/orchestrator-profile.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/completions/orchestrator.bash
  DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions RENAME orchestrator)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/completions/_orchestrator DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/zsh/site-functions)
