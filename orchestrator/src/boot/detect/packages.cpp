// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/packages.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "detect/host_files.hpp"
#include "detect/packages_data.hpp"

namespace detect {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

/// A library, in the folders of the dynamic loader's, with or without an architecture's name.
bool has_library(const Source& source, const std::string& name) {
  for (const std::string folder : {"/usr/lib64", "/usr/lib", "/lib64", "/lib"}) {
    if (is_there(source, folder + "/" + name)) return true;
  }
  for (const std::string folder : {"/usr/lib", "/lib"}) {
    for (const auto& each : names_in(source, folder)) {
      if (each.find("-linux-") != std::string::npos && is_there(source, fmt::format("{}/{}/{}", folder, each, name)))
        return true;
    }
  }
  return false;
}

bool is_provided(const Source& source, const Json& purpose) {
  return std::ranges::any_of(purpose.at("there"), [&](const Json& entry) {
    const auto text = entry.get<std::string>();
    const auto colon = text.find(':');
    const auto kind = text.substr(0, colon);
    const auto name = text.substr(colon + 1);
    if (kind == "program") return !program_at(source, name).empty();
    if (kind == "library") return has_library(source, name);
    return !dracut_module(source, name).empty();
  });
}

Words names_for(const Json& manager, const std::string& purpose) {
  const auto& entry = manager.at("packages").value(purpose, Json::array());
  if (!entry.is_object()) return entry.get<Words>();
  struct utsname machine {};
  if (::uname(&machine) != 0) return {};
  return entry.value(std::string(machine.machine), Words{});
}

/// Whether a configured repository has a package.
enum class Stock { yes, no, unknown };

/// Asks the package manager what it has; not again once it has not answered, or has no list of what there is.
class Shop {
 public:
  Shop(const Source& source, const Json& manager, Packages& out) : source_(source), manager_(manager), out_(out) {}

  Stock has(const std::string& name) {
    const auto found = asked(name);
    return found != Stock::no || has_list() ? found : Stock::unknown;
  }

 private:
  Stock asked(const std::string& name) {
    if (mute_ || !manager_.contains("query")) return Stock::unknown;
    auto argv = manager_.at("query").get<Words>();
    argv.push_back(name);
    const auto answer = source_.commands.run(argv);
    const auto shown = base::shell_quote(argv);
    switch (answer.state) {
      case Answer::State::ran:
        break;
      case Answer::State::absent:
        mute_ = true;
        return Stock::unknown;
      case Answer::State::timed_out:
        mute_ = true;
        out_.faults.push_back(fmt::format("{}: no answer in time; which packages there are is not known", shown));
        return Stock::unknown;
      case Answer::State::too_long:
        return Stock::yes;
    }
    const bool silent = base::trim(answer.out).empty();
    if (!manager_.value("prints_nothing_without", false)) return answer.status == 0 && !silent ? Stock::yes : Stock::no;
    if (answer.status == 0) return silent ? Stock::no : Stock::yes;
    mute_ = true;
    return Stock::unknown;
  }

  /// A "no" counts only if it knows of packages at all.
  bool has_list() {
    if (has_list_ || !manager_.contains("probe")) return true;
    has_list_ = asked(manager_.at("probe").get<std::string>()) == Stock::yes;
    mute_ = mute_ || !has_list_;
    return has_list_;
  }

  const Source& source_;
  const Json& manager_;
  Packages& out_;
  bool mute_ = false;
  bool has_list_ = false;
};

MissingPackage missing_package(const Json& purpose, const Json& manager, Shop& shop) {
  MissingPackage out;
  out.purpose = purpose.at("id").get<std::string>();
  out.what = purpose.at("what").get<std::string>();
  out.required = purpose.at("required").get<bool>();
  for (const auto& name : names_for(manager, out.purpose)) {
    const auto has = shop.has(name);
    if (out.name.empty() || has == Stock::yes) out.name = name;
    out.available_known = has != Stock::unknown;
    out.available = has == Stock::yes;
    if (out.available) break;
  }
  return out;
}

/// A name that is made of what package names are made of: what a package manager prints may be anything.
bool is_package_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && name.front() != '-' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("+-._:/@").find(c) != std::string_view::npos;
  });
}

void read_replaced(const Source& source, const Json& manager, const Words& names, Packages& out) {
  if (!manager.contains("simulate")) return;
  auto argv = manager.at("simulate").get<Words>();
  argv.insert(argv.end(), names.begin(), names.end());
  const auto answer = source.commands.run(argv);
  if (!answer.ok()) {
    out.faults.push_back(fmt::format(
        "{}: it {}; whether that removes other packages is not known", base::shell_quote(argv),
        answer.state == Answer::State::ran ? fmt::format("failed with {}", answer.status) : "did not answer"));
    return;
  }
  const auto removal = manager.at("removal").get<std::string>();
  for (const auto& line : base::lines(answer.out)) {
    if (!line.starts_with(removal)) continue;
    const auto name = line.substr(removal.size(), line.find(' ', removal.size()) - removal.size());
    if (is_package_name(name)) out.replaced.push_back(name);
  }
}

void choose_commands(const Source& source, const Json& manager, Packages& out) {
  Words required;
  Words optional;
  for (const auto& package : out.missing) {
    if (package.name.empty() || (package.available_known && !package.available)) continue;
    auto& names = package.required ? required : optional;
    if (std::ranges::find(names, package.name) == names.end()) names.push_back(package.name);
  }
  const auto command = [&](const Words& names) {
    auto argv = manager.at("install").get<Words>();
    argv.insert(argv.end(), names.begin(), names.end());
    return argv;
  };
  if (!optional.empty()) out.install_optional = command(optional);
  if (required.empty()) return;
  out.install = command(required);
  read_replaced(source, manager, required, out);
}

}  // namespace

Packages read_packages(const Source& source, const System& system) {
  Packages out;
  const auto data = Json::parse(kPackagesData);
  const auto& managers = data.at("managers");
  const Json unknown{{"packages", Json::object()}};
  const bool known = managers.contains(system.package_manager);
  const auto& manager = known ? managers.at(system.package_manager) : unknown;
  out.module_there = !dracut_module(source, "sshd").empty();
  out.dracut_there = !program_at(source, "dracut").empty();
  out.after_reboot = manager.value("next_boot", false);
  out.refresh = manager.value("refresh", Words{});
  Shop shop(source, manager, out);
  for (const auto& purpose : data.at("purposes")) {
    // What a package manager has no entry for needs no package there: it is a dependency of another one.
    const bool listed = !known || manager.at("packages").contains(purpose.at("id").get<std::string>());
    if (listed && !is_provided(source, purpose)) out.missing.push_back(missing_package(purpose, manager, shop));
  }
  std::stable_partition(out.missing.begin(), out.missing.end(), [](const MissingPackage& one) { return one.required; });
  if (known) choose_commands(source, manager, out);
  return out;
}

}  // namespace detect
