// SPDX-License-Identifier: GPL-3.0-or-later
#include "detect/daemon.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "detect/host_files.hpp"
#include "host/matching_paths.hpp"
#include "host/small_file.hpp"
#include "openssh/effective.hpp"
#include "openssh/pattern.hpp"
#include "openssh/sshd_config.hpp"

namespace detect {
namespace {

/// In the order of the unit's EnvironmentFile= lines: a later one wins.
constexpr std::array<const char*, 5> kOptionFiles{"/etc/sysconfig/sshd", "/etc/sysconfig/ssh", "/etc/default/ssh",
                                                  "/etc/sysconfig/dracut-sshd", "/etc/default/dracut-sshd"};

/// Include of sshd_config(5), below the source's root.
openssh::Resolver resolver_of(const Source& source) {
  return [&source](const std::string& pattern) {
    openssh::Included out;
    if (!pattern.starts_with('/') || pattern.find("..") != std::string::npos) return out;
    for (const auto& path : host::matching_paths(source.root, pattern, openssh::kConfigFiles))
      out.emplace_back(path, host::read_small(source.root / path.substr(1)));
    return out;
  };
}

openssh::Config config_at(const Source& source, const std::string& path, std::vector<std::string>& faults) {
  const auto text = text_at(source, path, faults);
  auto out = openssh::parse_sshd_config(text, path, resolver_of(source));
  if (out.cut) faults.push_back(fmt::format("{}: it is longer than is read; what follows is not known", path));
  return out;
}

struct OptionWord {
  std::string text;
  std::string file;
};

/// The words that the unit gives to sshd.
std::vector<OptionWord> option_words(const Source& source, Daemon& out) {
  struct Setting {
    std::string name;
    std::string value{};
    std::string file{};
  };
  std::array<Setting, 2> settings{Setting{"OPTIONS"}, Setting{"SSHD_OPTS"}};
  for (const auto* file : kOptionFiles) {
    const auto text = text_at(source, file, out.faults);
    if (text.empty()) continue;
    const bool own = std::string_view(file).ends_with("/dracut-sshd");
    if (own && out.options_file.empty()) out.options_file = file;
    for (auto& setting : settings) {
      auto value = value_in(text, setting.name);
      if (!value) continue;
      setting.value = std::move(*value);
      setting.file = file;
      if (own) out.options_file = file;
    }
  }
  std::vector<OptionWord> words;
  for (const auto& setting : settings) {
    for (auto& word : base::split(base::replace_all(setting.value, "\t", " "), ' ')) {
      if (!word.empty()) words.push_back({std::move(word), setting.file});
    }
  }
  return words;
}

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
    return false;
  const auto number = std::stoul(std::string(text));
  return number > 0 && number < 65536;
}

/// "-p 2222", "-p2222", "-o Port=2222", "-oPort=2222": the first of them, all of which sshd listens on.
void read_port_option(const std::vector<OptionWord>& words, Daemon& out) {
  for (std::size_t at = 0; at < words.size(); ++at) {
    const auto& text = words[at].text;
    const auto argument = [&](std::string_view option) -> std::string {
      if (!text.starts_with(option)) return {};
      if (text.size() > option.size()) return text.substr(option.size());
      return at + 1 < words.size() ? words[at + 1].text : "";
    };
    auto port = argument("-p");
    if (const auto setting = argument("-o"); openssh::lower(setting).starts_with("port=")) port = setting.substr(5);
    if (port.empty()) continue;
    if (!is_port(port)) {
      out.faults.push_back(
          fmt::format("{}: {} is no port; expected a number from 1 to 65535", words[at].file, base::printable(port)));
      continue;
    }
    out.image_port = port;
    out.port_from = words[at].file;
    return;
  }
}

/// Drop-ins come first: of several values sshd takes the first, and listens on all ports.
void read_own_configuration(const Source& source, Daemon& out) {
  for (const auto& name : names_in(source, "/etc/dracut-sshd/sshd_config.d")) {
    if (name.ends_with(".conf")) out.drop_ins.push_back("/etc/dracut-sshd/sshd_config.d/" + name);
  }
  auto files = out.drop_ins;
  constexpr const char* kOwn = "/etc/dracut-sshd/sshd_config";
  out.own_configuration = !host::read_small(source.root / std::string_view(kOwn).substr(1)).value_or("").empty();
  if (out.own_configuration) files.emplace_back(kOwn);
  for (const auto& file : files) {
    const auto values = openssh::effective(config_at(source, file, out.faults)).values;
    const auto* port = openssh::find_value(values, "port");
    if (port == nullptr || port->arguments.empty() || !out.image_port.empty()) continue;
    if (!is_port(port->arguments[0])) continue;
    out.image_port = port->arguments[0];
    out.port_from = file;
  }
}

/// What the system's sshd is told, that the module's own configuration decides for the image.
void read_irrelevant(const Source& source, Daemon& out) {
  const auto config = config_at(source, "/etc/ssh/sshd_config", out.faults);
  const auto values = openssh::effective(config).values;
  const auto add = [&](const char* keyword, std::string_view usual) {
    const auto found = values.find(openssh::lower(keyword));
    if (found == values.end()) return;
    for (const auto& value : found->second) {
      const auto text = base::join(value.arguments, " ");
      if (!text.empty() && openssh::lower(text) != usual)
        out.irrelevant.push_back(
            fmt::format("{} {} ({})", keyword, base::printable(text), base::printable(value.origin, 100)));
    }
  };
  add("Port", "22");
  add("ListenAddress", "");
  add("PermitRootLogin", "prohibit-password");
  add("PubkeyAuthentication", "yes");
  add("PasswordAuthentication", "");
  add("AuthenticationMethods", "any");
  add("AllowUsers", "");
  add("AllowGroups", "");
  add("DenyUsers", "");
  add("DenyGroups", "");
  add("AuthorizedKeysFile", ".ssh/authorized_keys .ssh/authorized_keys2");
  add("AuthorizedKeysCommand", "none");
  add("TrustedUserCAKeys", "none");
  add("ForceCommand", "none");
  for (const auto& block : config.blocks) {
    if (out.irrelevant.size() < 40)
      out.irrelevant.push_back(
          fmt::format("Match {} ({})", base::printable(block.text), base::printable(block.origin, 100)));
  }
}

}  // namespace

Daemon read_daemon(const Source& source) {
  Daemon out;
  for (const auto* path : {"/usr/local/sbin/sshd"}) {
    if (is_there(source, path)) out.program = path;
  }
  if (const auto path = program_at(source, "sshd"); !path.empty()) out.program = path;
  read_port_option(option_words(source, out), out);
  read_own_configuration(source, out);
  if (out.image_port.empty()) out.image_port = "22";
  read_irrelevant(source, out);
  return out;
}

}  // namespace detect
