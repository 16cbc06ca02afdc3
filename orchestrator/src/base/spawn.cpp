// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/spawn.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/error.hpp"
#include "base/find_program.hpp"
#include "base/text.hpp"

namespace base {
namespace {

constexpr int kLowestOwn =
    32;  // own descriptors lie above all that the child shall have, so that no dup2 hits one still needed

/// All that the child needs between fork and exec, made before: it may call only what is async-signal-safe, and so not
/// allocate.
struct Plan {
  std::string program, cwd;
  std::vector<char*> argv, envp;
  std::vector<std::pair<int, int>> descriptors;  // from -> to
  int report = -1;
  pid_t parent = 0;  // with which it dies; 0: it does not
};

/// What the child could not do, sent through a pipe that a successful exec closes.
struct Failure {
  int code = 0;
  int stage = 0;
};
enum Stage { kChdir, kDescriptors, kExec };

/// What this program was started with, or a library has opened without O_CLOEXEC, is not the child's business.
void close_others_on_exec() {
  constexpr unsigned kCloseOnExec = 1U << 2U;  // CLOSE_RANGE_CLOEXEC, Linux 5.11
  if (::syscall(SYS_close_range, 3U, ~0U, kCloseOnExec) == 0) return;
  for (int fd = 3; fd < 4096; ++fd) (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

[[noreturn]] void run_child(const Plan& plan) {
  const auto give_up = [&](Stage stage) {
    const Failure failure{errno, stage};
    (void)!::write(plan.report, &failure, sizeof failure);
    ::_exit(127);
  };
  ::setpgid(0, 0);
  if (plan.parent != 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != plan.parent) ::_exit(127);  // it was faster
  }
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal)
    ::sigaction(signal, &standard, nullptr);  // SIGKILL and the like refuse: fine
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::umask(022);
  close_others_on_exec();
  if (!plan.cwd.empty() && ::chdir(plan.cwd.c_str()) != 0) give_up(kChdir);
  for (const auto& [from, to] : plan.descriptors) {
    if (::dup2(from, to) < 0) give_up(kDescriptors);
  }
  ::execve(plan.program.c_str(), plan.argv.data(), plan.envp.data());
  give_up(kExec);
  ::_exit(127);
}

Fd raised(Fd fd, const std::string& context) {
  if (!fd.is_open()) throw system_error(context);
  Fd high(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kLowestOwn));
  if (!high.is_open()) throw system_error(context);
  return high;
}

Fd in_memory(const std::string& bytes, const std::string& context) {
  Fd file = raised(Fd(::memfd_create("data", MFD_CLOEXEC)), context);
  write_all(file.get(), bytes, context);
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw system_error(context);
  return file;
}

/// Signals wait from before the fork until the child has taken off the program's handlers: one there would ask the
/// parent to stop.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

Error start_error(const Failure& failure, const Command& command, const std::string& program) {
  const std::string why = std::strerror(failure.code);
  if (failure.stage == kChdir) return Error(fmt::format("entering {}: {}", printable(command.cwd.string(), 4096), why));
  if (failure.stage == kDescriptors) return Error(fmt::format("starting {}: passing files: {}", program, why));
  const bool missing = failure.code == ENOENT || failure.code == ENOTDIR;
  return Error(fmt::format("starting {}: {}", program, why), missing ? Exit::missing_tool : Exit::failed);
}

}  // namespace

std::filesystem::path located(const Command& command) {
  if (command.argv.empty() || command.argv[0].empty()) throw Error("a command without a program");
  const std::string& name = command.argv[0];
  if (name.find('/') != std::string::npos) return name;
  const auto path = command.env.find("PATH");
  const auto found = path == command.env.end() ? std::nullopt : find_program(name, path->second);
  if (!found) throw Error(fmt::format("the program {} is not installed", printable(name)), Exit::missing_tool);
  return *found;
}

Fd open_output(const std::filesystem::path& path, int how) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | how, 0644));
  if (!file.is_open()) throw system_error("opening " + printable(path.string(), 4096));
  return file;
}

Child::Child(const Command& command, const std::filesystem::path& program, int out, int err) {
  const std::string context = "starting " + printable(program.string(), 4096);
  const Fd null = raised(Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), context);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error(context);
  Fd low_read(ends[0]), low_write(ends[1]);
  const Fd report = raised(std::move(low_read), context);
  Fd report_here = raised(std::move(low_write), context);
  const Fd high_out = raised(Fd(::dup(out)), context);
  const Fd high_err = raised(Fd(::dup(err)), context);

  Plan plan;
  plan.program = program.string();
  plan.cwd = command.cwd.string();
  plan.report = report_here.get();
  plan.descriptors = {{null.get(), 0}, {high_out.get(), 1}, {high_err.get(), 2}};
  std::vector<Fd> data;
  for (const auto& [target, bytes] : command.data) {
    if (target < 0 || target == 1 || target == 2 || target >= kLowestOwn)
      throw Error(fmt::format("{}: data for descriptor {}", context, target));
    data.push_back(in_memory(bytes, context));
    plan.descriptors.emplace_back(data.back().get(), target);
  }
  for (const auto& [target, own] : command.passed) {
    if (target < 0 || target == 1 || target == 2 || target >= kLowestOwn)
      throw Error(fmt::format("{}: passing descriptor {}", context, target));
    data.push_back(raised(Fd(::fcntl(own, F_DUPFD_CLOEXEC, 0)), context));
    plan.descriptors.emplace_back(data.back().get(), target);
  }
  if (command.dies_with_parent) plan.parent = ::getpid();
  std::vector<std::string> words = command.argv, variables;
  for (const auto& [name, value] : command.env) variables.push_back(name + "=" + value);
  for (auto& word : words) plan.argv.push_back(word.data());
  for (auto& variable : variables) plan.envp.push_back(variable.data());
  plan.argv.push_back(nullptr);
  plan.envp.push_back(nullptr);

  {
    const SignalsBlocked blocked;
    pid_ = ::fork();
    if (pid_ == 0) run_child(plan);
  }
  if (pid_ < 0) throw system_error(context);
  ::setpgid(pid_, pid_);  // here as well: whoever is first
  report_here.reset();
  Failure failure;
  ssize_t count = 0;
  do count = ::read(report.get(), &failure, sizeof failure);
  while (count < 0 && errno == EINTR);
  if (count != 0) {  // a whole report: a pipe takes so little at once
    (void)finish();
    throw start_error(failure, command, printable(plan.program, 4096));
  }
  pidfd_ =
      Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0U)));  // glibc 2.36 declares pidfd_open() without extern "C"
}

Child::~Child() {
  if (pid_ > 0) (void)finish();
}

bool Child::ended() const {
  siginfo_t info{};
  const int result = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
  return (result == 0 && info.si_pid == pid_) || (result != 0 && errno == ECHILD);
}

void Child::signal_group(int signal) const noexcept { (void)::kill(-pid_, signal); }

int Child::finish() {
  signal_group(SIGKILL);  // before the reaping: afterwards the number may be another group's
  int status = 0;
  pid_t reaped = 0;
  do reaped = ::waitpid(pid_, &status, 0);
  while (reaped < 0 && errno == EINTR);
  pid_ = -1;
  if (reaped < 0) return 127;  // somebody else has reaped it; that it succeeded cannot be said
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace base
