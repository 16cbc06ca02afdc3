// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/app.hpp"

int main(int argc, char** argv) { return admin::dracut_sshd(argc, argv); }
