// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "admin/describe.hpp"
#include "admin/describe_json.hpp"
#include "admin/explain.hpp"
#include "admin/tpm_finding.hpp"
#include "admin/verbs.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/output.hpp"
#include "base/text.hpp"
#include "browse/difference.hpp"
#include "browse/module_weights.hpp"
#include "browse/weights.hpp"
#include "host/host.hpp"
#include "initramfs/extract.hpp"
#include "initramfs/inner.hpp"
#include "initramfs/read.hpp"
#include "inspect/check.hpp"
#include "inspect/check_list.hpp"
#include "inspect/gather.hpp"
#include "trial/trial.hpp"

namespace admin {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kStandardInput = 4ULL << 30U;

/// ASCII alone, so that nothing of the image's steers the terminal that it is shown on.
std::string dumped(const nlohmann::ordered_json& document) {
  return document.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

initramfs::Source open(const std::string& image) {
  return image == "-" ? initramfs::Source::standard_input(kStandardInput) : initramfs::Source(fs::path(image));
}

/// Nothing of it is missing because the kernel, or this program, has to stop.
bool is_whole(const initramfs::Image& image) {
  return std::ranges::all_of(image.faults, [](const initramfs::Fault& fault) {
    return fault.kind == initramfs::Fault::Kind::lost || fault.kind == initramfs::Fault::Kind::trailing;
  });
}

char kind_of(const initramfs::Node& node) {
  switch (node.mode & 0170000U) {
    case 0040000:
      return 'd';
    case 0120000:
      return 'l';
    case 0020000:
      return 'c';
    case 0060000:
      return 'b';
    case 0010000:
      return 'p';
    case 0140000:
      return 's';
    default:
      return '-';
  }
}

int print_list(const initramfs::Image& image, bool json) {
  auto document = nlohmann::ordered_json::array();
  image.each([&](const std::string& path, const initramfs::Node& node) {
    if (json) {
      nlohmann::ordered_json one{{"path", "/" + path},
                                 {"type", std::string(1, kind_of(node))},
                                 {"mode", fmt::format("{:04o}", node.mode & 07777U)},
                                 {"uid", node.uid},
                                 {"gid", node.gid},
                                 {"size", node.is_directory() ? 0 : node.size},
                                 {"mtime", node.mtime},
                                 {"part", node.part}};
      if (node.is_link()) one["target"] = node.target;
      document.push_back(std::move(one));
      return;
    }
    const bool device = kind_of(node) == 'c' || kind_of(node) == 'b';
    const auto size = device ? fmt::format("{},{}", node.rdev_major, node.rdev_minor)
                             : fmt::format("{}", node.is_directory() ? 0 : node.size);
    base::print(fmt::format("{}{:04o} {:>5} {:>5} {:>10} /{}{}\n", kind_of(node), node.mode & 07777U, node.uid,
                            node.gid, size, base::printable(path, 4096),
                            node.is_link() ? " -> " + base::printable(node.target, 4096) : ""));
  });
  if (json) base::print(dumped(document));
  return 0;
}

nlohmann::ordered_json json_of(const browse::Weight& weight) {
  nlohmann::ordered_json out{{"name", weight.name}, {"bytes", weight.bytes}, {"files", weight.files}};
  for (const auto& child : weight.below) out["below"].push_back(json_of(child));
  return out;
}

int print_tree(const initramfs::Image& image, const InspectArguments& arguments, const std::string& name) {
  const auto root = browse::weigh(image);
  if (!arguments.html.empty()) {
    if (fs::exists(fs::symlink_status(arguments.html)))
      throw base::Error(arguments.html + ": it is there already", base::Exit::usage).with_hint("name a new file");
    base::write_file(arguments.html, browse::tree_page(root, name));
    base::print(arguments.html + "\n");
    return 0;
  }
  const auto modules = browse::weigh_modules(image, arguments.root);
  if (arguments.json) {
    auto document = json_of(root);
    document["modules"] = modules;
    base::print(dumped(document));
    return 0;
  }
  base::print(browse::tree_text(root, 0.01));
  std::vector<std::pair<std::string, std::uint64_t>> heaviest(modules.begin(), modules.end());
  std::ranges::stable_sort(heaviest, std::ranges::greater(), &std::pair<std::string, std::uint64_t>::second);
  std::vector<std::vector<std::string>> rows;
  for (const auto& [module, bytes] : heaviest) rows.push_back({base::printable(module, 100), base::human_size(bytes)});
  if (!rows.empty()) base::print("\n" + base::table({"dracut module, or (what it is)", "bytes"}, rows, {1}));
  return 0;
}

int print_difference(const initramfs::Image& after, const InspectArguments& arguments, const base::Context& context) {
  const auto& other = arguments.other;
  auto source = open(other);
  auto wanted = inspect::read_options();
  wanted.digests = true;
  auto before = initramfs::read(source, wanted);
  for (const auto& fault : before.faults)
    context.console.warn(fmt::format("{}: at byte {}: {}", other, fault.offset, base::printable(fault.message, 300)));
  (void)initramfs::add_inner(source, before, wanted, context);
  const auto difference = browse::compare(before, after);
  const auto weights = browse::compare_modules(before, after, arguments.root);
  base::print(arguments.json ? dumped(to_json(difference, weights)) : to_text(difference, weights));
  return difference.changes.empty() ? 0 : 1;
}

int print_file(initramfs::Source& source, const initramfs::Image& image, const initramfs::Inner& inner,
               const std::string& path) {
  const auto* node = image.find(path);
  const auto found = node != nullptr && node->is_file() ? inner.files.find(node->entry) : inner.files.end();
  // As it is for a file or another program; a terminal would obey what is in it.
  const bool shown = isatty(STDOUT_FILENO) == 1;
  const auto raw = [](std::string_view bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); };
  base::PrintablePieces pieces(raw);
  const auto put = [&](std::string_view bytes) { shown ? pieces.add(bytes) : raw(bytes); };
  if (found == inner.files.end()) {
    initramfs::cat(source, image, path, put);
  } else {
    std::ifstream in(found->second, std::ios::binary);
    std::array<char, 65536> buffer{};
    while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0)
      put({buffer.data(), static_cast<std::size_t>(in.gcount())});
  }
  pieces.finish();
  return is_whole(image) ? 0 : kCannotTell;
}

int extract_all(initramfs::Source& source, const initramfs::Image& image, const InspectArguments& arguments,
                const base::Context& context) {
  const auto done = initramfs::extract(source, image, arguments.extract, arguments.devices);
  context.console.line(
      fmt::format("{}: {} files, {} folders, {} links", arguments.extract, done.files, done.folders, done.links));
  for (const auto& path : done.left_out)
    context.console.line(
        fmt::format("left out: /{} (a device node or the like; --devices makes it)", base::printable(path, 300)));
  return is_whole(image) ? 0 : kCannotTell;
}

/// What the image is, and what is known of the boot that it is for.
struct Subject {
  std::string image;
  inspect::Options options;
  std::string source;  // how the image was found; "": it was named
};

Subject subject_of(const InspectArguments& arguments) {
  Subject out{arguments.image, {}, {}};
  auto& options = out.options;
  options.now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto kernel = host::KernelRelease::from_option(arguments.kernel, "--kernel");
  options.kernel = kernel;
  if (arguments.host || arguments.image.empty()) options.host = arguments.root;
  if (arguments.image.empty()) {
    const auto boot = host::next_boot(arguments.root, kernel);
    out.image = boot.image.string();
    out.source = boot.source;
    options.kernel = boot.kernel;
    options.cmdline = boot.cmdline;
    options.cmdline_known = boot.cmdline_known;
  }
  if (!arguments.cmdline.empty()) {
    options.cmdline = arguments.cmdline;
    options.cmdline_known = true;
  }
  options.from = arguments.from;
  if (out.image != "-") options.file = out.image;
  return out;
}

int print_verdict(initramfs::Source& source, const initramfs::Image& image, const Subject& subject,
                  const InspectArguments& arguments, const base::Context& context) {
  auto options = subject.options;
  // A UKI's command line is the one, unless the boot loader may replace it, which Secure Boot forbids.
  if (image.sections.contains(".cmdline")) options.cmdline_known = true;
  const auto facts = inspect::gather(image, options);
  auto findings = with_tpm(inspect::check_all(facts), facts, context);
  if (arguments.tries) findings = trial::with_trial(findings, trial::try_logins(source, facts, context));
  const Inspected inspected{subject.image, subject.source, image, facts, findings};
  base::print(arguments.json ? dumped(to_json(inspected)) : to_text(inspected, arguments.quiet));
  return static_cast<int>(inspect::answer_of(findings));
}

}  // namespace

namespace {

int inspect_image(const InspectArguments& arguments, const base::Context& context) {
  using enum InspectMode;
  const auto mode = arguments.mode;
  if (mode == InspectMode::explain) return admin::explain(inspect::checks(), arguments.explain, arguments.json);
  const auto subject = subject_of(arguments);
  auto source = open(subject.image);
  auto options = inspect::read_options();
  options.digests = mode == diff;
  // A list of names needs no look into files.
  options.elf = mode == judge || mode == tree || mode == diff;
  auto image = initramfs::read(source, options, {}, [&] { context.cancel.throw_if_requested(); });
  for (const auto& fault : image.faults) {
    if (mode != judge) context.console.warn(fmt::format("at byte {}: {}", fault.offset, fault.message));
  }
  if (mode == extract) return extract_all(source, image, arguments, context);
  const auto inner = initramfs::add_inner(source, image, options, context);
  switch (mode) {
    case cat:
      return print_file(source, image, inner, arguments.cat);
    case list:
      return print_list(image, arguments.json);
    case tree:
      return print_tree(image, arguments, subject.image);
    case diff:
      return print_difference(image, arguments, context);
    default:
      return print_verdict(source, image, subject, arguments, context);
  }
}

}  // namespace

int inspect(const InspectArguments& arguments, const base::Context& context) {
  try {
    return inspect_image(arguments, context);
  } catch (const base::Error& error) {
    // Who reads JSON has a document in every case.
    if (arguments.mode == InspectMode::judge && arguments.json) base::print(dumped(to_json(arguments.image, error)));
    throw;
  }
}

}  // namespace admin
