// SPDX-License-Identifier: GPL-3.0-or-later
#include "rehearsal/rehearse.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <thread>

#include "base/confine.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "inspect/check.hpp"
#include "inspect/client.hpp"
#include "rehearsal/boot_session.hpp"
#include "rehearsal/disks.hpp"
#include "rehearsal/drivers.hpp"
#include "rehearsal/firmware_start.hpp"
#include "rehearsal/janitor.hpp"
#include "rehearsal/keys.hpp"
#include "rehearsal/make_plan.hpp"
#include "rehearsal/marker.hpp"
#include "rehearsal/nic.hpp"
#include "rehearsal/settings.hpp"
#include "rehearsal/subject.hpp"
#include "vm/tpm.hpp"

namespace rehearsal {
namespace {

namespace fs = std::filesystem;

constexpr double kFirstWords =
    15;  // seconds that a kernel may take to its first line on KVM, where it needs one or two

constexpr std::chrono::seconds kSilence{90};  // of a kernel whose emulated processors may wait for each other

constexpr unsigned kProcessors = 2;  // of the virtual machine; more would wait for one another

constexpr std::array<std::string_view, 4> kEveryQemu{"virtio-net-pci", "e1000e", "e1000", "vmxnet3"};

std::string random_word() {
  unsigned char bytes[12];
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) throw base::system_error("random bytes");
  std::string out;
  for (const auto byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

class Stage {
 public:
  Stage(const Request& request, const base::Context& context, const Observer& observer)
      : request_(request),
        context_(context),
        observer_(observer),
        scratch_(base::temp_parent(), "dracut-sshd-rehearsal."),
        janitor_(scratch_.path()) {
    base::make_dirs(qemu_folder());
  }

  Report run() {
    observer_.status("reading the image");
    subject_ = subject_of(request_, context_);
    report_.image = subject_->image.string();
    report_.source = subject_->source;
    report_.findings = inspect::check_all(*subject_->facts);
    wishes_ = request_.wishes;
    start_ = firmware_start_of(*subject_, request_);
    plan_ = plan_for_start();
    if (!subject_->inner->files.empty() && !wishes_.as_is)
      plan_.cannot.emplace_back(
          "most of the image is a file system of its own, which covers what would be added: --as-is, with --key FILE");
    if (!plan_.cannot.empty()) throw CannotRehearse(base::join(plan_.cannot, "; "), base::Exit::usage);
    report_.encrypted = static_cast<std::size_t>(std::ranges::count_if(plan_.disks, &ScratchDisk::encrypted));
    if (!plan_.unaccounted.empty() || !plan_.no_nic.empty()) {
      const bool disks = !plan_.unaccounted.empty();
      not_booted(disks ? "disks" : "network", disks ? plan_.unaccounted : plan_.no_nic);
      return std::move(report_);
    }
    if (!can_log_in()) return std::move(report_);
    prepare();
    tell_start();
    if (start_.firmware && !start_.is_whole() && !starts()) return std::move(report_);
    play();
    return std::move(report_);
  }

 private:
  [[nodiscard]] fs::path in(const char* name) const { return scratch_.path() / name; }
  /// All that qemu reads and writes, and nothing else: keys and the like are not shown to it.
  [[nodiscard]] fs::path qemu_folder() const { return scratch_.path() / "vm"; }

  /// A UKI that a firmware starts is not added to. Where that leaves it without what a virtual machine needs, the
  /// firmware only starts it.
  Plan plan_for_start() {
    if (start_.is_whole()) {
      auto wishes = wishes_;
      wishes.as_is = true;
      auto plan = plan_of(*subject_->facts, wishes);
      if (plan.cannot.empty()) {
        wishes_ = wishes;
        // What stands in the image stays there.
        std::erase_if(plan.changes, [](const std::string& one) { return one.starts_with("removed from the kernel"); });
        return plan;
      }
      start_.why_only_start = base::join(plan.cannot, "; ");
    }
    return plan_of(*subject_->facts, wishes_);
  }

  /// False where a boot would show nothing that is not known: the step at which it would end is said at once.
  bool can_log_in() {
    const auto& facts = *subject_->facts;
    if (!request_.key.empty() || takes_throw_away_key(facts)) return true;
    not_booted(facts.sshd.path.empty() ? "banner" : "login",
               facts.sshd.path.empty() ? "the image has no sshd"
                                       : "the image has no file of authorized keys; where certificates let people in, "
                                         "name a key that has one: --key FILE");
    return false;
  }

  void not_booted(const std::string& id, const std::string& why) {
    Step step;
    step.id = id;
    step.detail = "not booted: " + why;
    report_.kernel = subject_->kernel.string();
    report_.cmdline = plan_.cmdline;
    report_.explanation = explanation_of(step.id, report_.findings);
    report_.steps.push_back(step);
    observer_.step(step);
  }

  /// A qemu may be older than a model of its network interfaces.
  void check_nic() {
    if (std::ranges::find(kEveryQemu, plan_.network.model) != kEveryQemu.end()) return;
    base::Command command;
    command.argv = {std::string(plan_.architecture->qemu), "-device", "help"};
    command.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LC_ALL", "C"}};
    command.dies_with_parent = true;
    command.log = in("devices.log");
    (void)context_.runner.run(command, context_.cancel);
    if (lists_device(base::read_file(in("devices.log"), 4U << 20U), plan_.network.model)) return;
    plan_.changes.push_back(fmt::format("this qemu has no {}: a virtio-net-pci stands in", plan_.network.model));
    plan_.network.model = "virtio-net-pci";
  }

  void prepare() {
    const auto& facts = *subject_->facts;
    report_.kvm = !request_.emulate && vm::can_use_kvm(*plan_.architecture);
    if (request_.wishes.as_is && request_.key.empty())
      throw base::Error("--as-is leaves no room for a throw-away key", base::Exit::usage)
          .with_hint("name your own: --key FILE");
    Overlay overlay;
    if (request_.key.empty()) {
      key_ = add_throw_away_key(overlay, facts, scratch_.path(), context_);
      plan_.changes.emplace_back(
          "a throw-away key logs in; it is appended to the file with your keys, which are offered to sshd");
    } else {
      key_ = request_.key;
    }
    add_host_key(overlay);
    if (!wishes_.as_is) {
      observer_.status("adding what the virtual machine needs");
      add_settings(overlay, facts, plan_);
      add_drivers(overlay, plan_.drivers, facts, *subject_->file, *subject_->inner, request_.wishes.root,
                  scratch_.path(), context_);
    }
    if (start_.firmware) prepare_firmware();
    const auto kernel = start_.is_whole()
                            ? fs::path()
                            : write_boot_files(*subject_, wishes_.as_is ? "" : archive_of(overlay, subject_->tree),
                                               qemu_folder() / "initrd", qemu_folder() / "linux");
    check_nic();
    observer_.status("making scratch disks");
    passphrase_ = remote::Secret(random_word());
    wrong_ = remote::Secret("wrong-" + random_word());
    token_ = random_word().substr(0, 8);
    write_marker(in("marker"), token_, facts, *subject_->file, *subject_->inner);
    machine_.disks = make_disks(plan_, qemu_folder(), in("marker"), passphrase_, token_, context_);
    machine_.architecture = plan_.architecture;
    machine_.kvm = report_.kvm;
    machine_.memory = request_.memory;
    // An emulated boot is as long as its processor's work, half of which udev and systemd do side by side.
    machine_.processors = std::clamp(std::thread::hardware_concurrency(), 1U, kProcessors);
    machine_.kernel = kernel;
    machine_.initrd = qemu_folder() / "initrd";
    if (start_.is_whole()) machine_.firmware = boot_;
    set_command_line();
    machine_.nics = {vm::nic_of(plan_.network, vm::logs_in(qemu_folder()).packets)};
    isolate();
    report_.kernel = subject_->kernel.empty() ? report_.image : kernel.string();
    report_.changes = plan_.changes;
    if (!report_.kvm)
      report_.changes.emplace_back(
          "an emulated machine is slow: its devices have 900 s to appear "
          "(systemd.default_device_timeout_sec; systemd before 254 gives up after 90 s)");
  }

  void prepare_firmware() {
    auto made = make_firmware_boot(start_, *subject_, qemu_folder());
    boot_ = std::move(made.boot);
    if (!made.extra.empty())
      plan_.changes.push_back(fmt::format("beside the image: {}; what is sealed to this machine's TPM is not opened",
                                          base::printable(base::join(made.extra, ", "), 300)));
  }

  /// How a UKI is started; nothing where the image is none.
  void tell_start() {
    for (auto& change : changes_of(start_, request_.key.empty())) report_.changes.push_back(std::move(change));
    report_.firmware = start_.firmware.has_value();
    report_.secure_boot = report_.firmware && start_.keys.on;
  }

  /// The words that qemu, or the firmware's stub, hands over.
  void set_command_line() {
    machine_.cmdline = report_.cmdline = cmdline_of(plan_, machine_.kvm, wishes_.as_is);
    if (!machine_.firmware) return;
    auto more = plan_;
    more.cmdline = request_.wishes.breaks ? "rd.break" : "";
    auto words = cmdline_of(more, machine_.kvm, true) + " loglevel=7";
    if (!plan_.nic_name.empty()) words += fmt::format(" ifname={}:{}", plan_.nic_name, plan_.network.mac);
    if (request_.key.empty()) words += " " + words_for_key(*subject_->facts, base::read_file(key_ + ".pub", 65536));
    report_.cmdline = words;
    if (const auto own = subject_->tree.sections.find(".cmdline"); own != subject_->tree.sections.end())
      report_.cmdline = std::string(base::trim(own->second)) + " " + words;
    machine_.firmware->oem_strings = {"io.systemd.stub.kernel-cmdline-extra=" + words};
  }

  /// A TPM of the rehearsal's own, where swtpm is installed.
  void give_tpm() {
    if (!machine_.firmware) return;
    machine_.firmware->tpm = -1;
    tpm_.reset();
    try {
      auto folder = qemu_folder() / "tpm";
      base::remove_tree(folder);
      tpm_ = std::make_unique<vm::Tpm>(folder, context_.environment, cage_);
      machine_.firmware->tpm = tpm_->descriptor();
      note("it has a TPM whose keys and PCRs are the rehearsal's own");
    } catch (const base::Error& error) {
      if (error.exit() != base::Exit::missing_tool) throw;
      note("it has no TPM: swtpm is not installed");
    }
  }

  /// Once, however often something is tried.
  void note(const std::string& change) {
    if (std::ranges::find(report_.changes, change) == report_.changes.end()) report_.changes.push_back(change);
  }

  /// Has the firmware start the image, and looks no further. False where it refuses.
  bool starts() {
    observer_.status("starting the firmware");
    auto machine = machine_;
    machine.disks.clear();
    machine.processors = 1;
    machine.firmware = boot_;
    begin_ = context_.clock.now();
    vm::Guest guest(machine, vm::logs_in(qemu_folder()), context_.environment, cage_);
    auto part = part_for(guest);
    part.firmware = true;
    BootSession play(guest, std::move(part), context_, observer_.step);
    const bool started = play.until_started();
    guest.end();
    before_ = play.steps();
    if (!started) {
      report_.steps = before_;
      report_.console = guest.console();
      report_.qemu = guest.words();
      report_.explanation = explanation_of("firmware", report_.findings);
    }
    forget_logs();
    return started;
  }

  /// The virtual machine has not this machine's TPM.
  void add_host_key(Overlay& overlay) {
    const auto& facts = *subject_->facts;
    if (!facts.sealed) return;
    if (inspect::has_clear_host_key(facts)) {
      plan_.changes.emplace_back(
          "the virtual machine has no TPM that opens the sealed host key: the unsealed one is expected");
      return;
    }
    if (request_.wishes.as_is)
      throw CannotRehearse("the image's only host key is sealed to this machine's TPM, and --as-is adds no other one");
    host_key_ = add_throw_away_host_key(overlay, scratch_.path(), context_);
    plan_.changes.emplace_back(
        "the image's only host key is sealed to this machine's TPM: a throw-away host key stands in, and whether the "
        "TPM opens the sealed one is not rehearsed (dracut-sshd seal --status)");
  }

  /// What runs in the machine may break out of qemu, which is then all that it has.
  void isolate() {
    machine_.seccomp = false;
    auto isolation = vm::isolation_of(machine_, qemu_folder(), context_);
    machine_.seccomp = isolation.seccomp;
    cage_ = std::move(isolation.cage);
    if (!cage_) plan_.changes.push_back("qemu is not confined by bubblewrap: " + isolation.why_not);
  }

  /// KVM may be there and not work, which shows only when something runs on it: then the machine is emulated.
  std::unique_ptr<vm::Guest> start() {
    observer_.status("starting qemu");
    const auto logs = vm::logs_in(qemu_folder());
    give_tpm();
    if (machine_.kvm) {
      begin_ = context_.clock.now();
      try {
        auto guest = std::make_unique<vm::Guest>(machine_, logs, context_.environment, cage_);
        while (!guest->ended() && guest->death().empty() && context_.clock.now() - begin_ < kFirstWords) {
          if (const auto said = guest->console(); said.find("Linux version") != std::string::npos ||
                                                  (machine_.firmware && said.find("BdsDxe: ") != std::string::npos))
            return guest;
          context_.clock.sleep(std::chrono::milliseconds(50), context_.cancel);
        }
      } catch (const base::Error& error) {
        if (error.exit() == base::Exit::missing_tool) throw;
      }
      forget_logs();
      machine_.kvm = report_.kvm = false;
      set_command_line();
      give_tpm();
      report_.changes.emplace_back("KVM is there, and a machine does not run on it: everything is emulated");
    }
    begin_ = context_.clock.now();
    return std::make_unique<vm::Guest>(machine_, logs, context_.environment, cage_);
  }

  BootSessionOptions part_for(const vm::Guest& guest) {
    auto client = inspect::client_of(*subject_->facts);
    if (!host_key_.empty()) client.known_hosts.push_back(client.clear_alias + " " + host_key_);
    base::write_file(in("known_hosts"), base::join(client.known_hosts, "\n") + "\n");
    BootSessionOptions part;
    part.target.host = "127.0.0.1";
    part.target.alias = client.clear_alias;
    part.target.port = fmt::format("{}", guest.port());
    part.target.identity = key_;
    part.target.only_identity = true;
    part.throw_away = request_.key.empty();
    part.target.known_hosts = in("known_hosts").string();
    part.target.config = "none";
    if (const auto control = in("ssh").string(); remote::SharedLogin::can_be_at(control)) part.target.control = control;
    part.login_log = in("login.log").string();
    part.passphrase = &passphrase_;
    part.wrong = request_.wrong_passphrase ? &wrong_ : nullptr;
    part.network = plan_.network;
    part.token = token_;
    part.disks = static_cast<std::size_t>(std::ranges::count_if(plan_.disks, &ScratchDisk::encrypted));
    part.unopened = plan_.unopened;
    part.begin = begin_;
    part.breaks = request_.wishes.breaks;
    part.firmware = machine_.firmware.has_value();
    part.firmware_words = start_.keys.on ? "Secure Boot is on" : "Secure Boot is off";
    part.offered =
        offered_keys(usable_lines(*subject_->facts), types_of_client(scratch_.path(), context_), scratch_.path());
    part.offer_log = in("offers.log").string();
    part.patience = std::chrono::seconds(request_.patience != 0 ? request_.patience : report_.kvm ? 60 : 180);
    part.early = machine_.kvm || machine_.processors == 1 ? part.patience : std::min(part.patience, kSilence);
    if (observer_.console) part.between = [this, &guest] { tell_console(guest); };
    return part;
  }

  void forget_logs() {
    const auto logs = vm::logs_in(qemu_folder());
    for (const auto& log : {logs.console, logs.journal, logs.packets, logs.qemu}) fs::remove(log);
    told_ = 0;
  }

  void play() {
    if (played()) return;
    forget_logs();
    machine_.processors = 1;
    report_.changes.emplace_back(
        "one processor instead of two: with two, the kernel came to a stop as it does when qemu's emulation of them "
        "errs");
    observer_.status("again, with one processor: with two, the kernel came to a stop");
    (void)played();
  }

  /// False where qemu's emulation is to blame, and one processor would do: nothing is known then.
  bool played() {
    const auto started = start();
    auto& guest = *started;
    const auto spoiled = [&](const Step& step) {
      if (step.done || machine_.kvm || machine_.processors == 1) return false;
      // Two that wait for each other for ever say nothing any more; a kernel that dies does.
      return vm::tripped(guest.console()) || (is_early(step.id) && guest.death().empty() && !guest.ended());
    };
    bool by_hand = false;  // somebody has been told how to log in
    auto part = part_for(guest);
    report_.command = base::shell_quote({"ssh", "-F", "none", "-p", part.target.port, "-i", key_, "-o",
                                         "IdentitiesOnly=yes", "-o", "UserKnownHostsFile=" + part.target.known_hosts,
                                         "-o", "HostKeyAlias=" + part.target.alias, "root@127.0.0.1"});
    if (request_.interactive) part.patience = std::chrono::hours(24);
    const auto tell = [&](const Step& step) {
      if (by_hand || !spoiled(step)) observer_.step(step);
    };
    BootSession play(guest, std::move(part), context_, tell);
    report_.passed = play.until_prompt();
    if (report_.passed && request_.interactive) {
      by_hand = true;
      observer_.waiting(report_.command, passphrase_.bytes());
      report_.passed = play.until_off();
    } else if (report_.passed) {
      report_.passed = play.after_prompt();
    }
    if (!report_.passed && !by_hand && spoiled(play.steps().back())) return false;
    guest.end();
    if (observer_.console) tell_console(guest);
    report_.steps = before_;
    for (const auto& step : play.steps()) report_.steps.push_back(step);
    report_.console = guest.console();
    report_.journal = guest.journal();
    report_.qemu = guest.words();
    if (!report_.passed) report_.explanation = explanation_of(report_.steps.back().id, report_.findings);
    return true;
  }

  void tell_console(const vm::Guest& guest) {
    const auto text = guest.console();
    while (told_ < text.size()) {
      const auto end = text.find('\n', told_);
      if (end == std::string::npos) break;
      observer_.console(text.substr(told_, end - told_));
      told_ = end + 1;
    }
  }

  const Request& request_;
  base::Context context_;
  const Observer& observer_;
  base::TempDir scratch_;
  Janitor janitor_;  // gone before the folder is
  std::unique_ptr<Subject> subject_;
  Wishes wishes_;  // as the image can be booted
  FirmwareStart start_;
  Plan plan_;
  vm::Machine machine_;
  vm::FirmwareBoot boot_;
  std::optional<base::Confinement> cage_;
  std::unique_ptr<vm::Tpm> tpm_;
  std::vector<Step> before_;  // of a start alone
  remote::Secret passphrase_;
  remote::Secret wrong_;
  std::string token_;
  std::string key_;
  std::string host_key_;  // that stands in for a sealed one; "": none does
  std::size_t told_ = 0;
  double begin_ = 0;
  Report report_;
};

}  // namespace

Report rehearse(const Request& request, const base::Context& context, const Observer& observer) {
  return Stage(request, context, observer).run();
}

}  // namespace rehearsal
