// SPDX-License-Identifier: GPL-3.0-or-later
#include "admin/next_boot.hpp"

#include <chrono>

#include "admin/tpm_finding.hpp"
#include "base/error.hpp"
#include "host/host.hpp"
#include "initramfs/inner.hpp"
#include "initramfs/read.hpp"
#include "inspect/check.hpp"
#include "inspect/gather.hpp"

namespace admin {

NextBootJudgement judge_next_boot(const std::filesystem::path& root, const base::Context& context) {
  NextBootJudgement out;
  try {
    const auto boot = host::next_boot(root, std::nullopt);
    out.image = boot.image.string();
    inspect::Options options;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    options.now = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    options.host = root;
    options.file = boot.image;
    options.kernel = boot.kernel;
    options.cmdline = boot.cmdline;
    options.cmdline_known = boot.cmdline_known;
    initramfs::Source source{boot.image};
    auto wanted = inspect::read_options();
    wanted.elf = true;
    auto image = initramfs::read(source, wanted, {}, [&] { context.cancel.throw_if_requested(); });
    const auto inner = initramfs::add_inner(source, image, wanted, context);
    if (image.sections.contains(".cmdline")) options.cmdline_known = true;
    const auto facts = inspect::gather(image, options);
    out.findings = with_tpm(inspect::check_all(facts), facts, context);
    out.answer = inspect::answer_of(out.findings);
    out.is_sealed = facts.sealed.has_value();
    auto& in_the_clear = facts.sealed ? out.unsealed_keys : out.host_keys;
    for (const auto& key : facts.host_keys)
      if (key.node != nullptr && key.key.public_part) in_the_clear.push_back(*key.key.public_part);
    if (facts.sealed && facts.sealed->key) out.host_keys.push_back(*facts.sealed->key);
  } catch (const base::Error& error) {
    out.why = error.what();
  }
  return out;
}

}  // namespace admin
