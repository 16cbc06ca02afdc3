// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/files.hpp"
#include "watch/journal.hpp"
#include "watch/metrics.hpp"

namespace watch {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, EscapesLabels) {
  EXPECT_EQ(label_value("db1"), "db1");
  EXPECT_EQ(label_value("a\"b\\c"), "a\\\"b\\\\c");
  EXPECT_EQ(label_value("a\nb\x1b[31m"), "a\\\\x0ab\\\\x1b[31m");
}

TEST(Metrics, HasALineForEachStateOfEachHost) {
  HostStatus host;
  host.name = "db\"1";
  host.state = State::waiting;
  host.waiting_since = 90;
  host.looks = 7;
  host.failures = 2;
  const auto text = metrics_text({host}, 100.5, 1234.5);
  EXPECT_THAT(text, HasSubstr("dracut_sshd_watch_state{host=\"db\\\"1\",state=\"waiting\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("dracut_sshd_watch_state{host=\"db\\\"1\",state=\"up\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("dracut_sshd_watch_waiting_seconds{host=\"db\\\"1\"} 10.500\n"));
  EXPECT_THAT(text, HasSubstr("dracut_sshd_watch_looks_total{host=\"db\\\"1\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("dracut_sshd_watch_failures_total{host=\"db\\\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("dracut_sshd_watch_written_timestamp_seconds 1234.500\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE dracut_sshd_watch_state gauge\n"));
}

TEST(Metrics, AreWrittenAside) {
  const base::TempDir folder("/tmp", "watch-test.");
  write_metrics(folder.path() / "m.prom", {}, 0, 0);
  EXPECT_THAT(base::read_file(folder.path() / "m.prom", 10000), HasSubstr("written_timestamp_seconds 0.000\n"));
}

TEST(Journal, WritesFieldsByTheProtocol) {
  EXPECT_EQ(journal_entry({{"MESSAGE", "a=b"}, {"X_1", ""}}), "MESSAGE=a=b\nX_1=\n");
  const std::string length("\x03\0\0\0\0\0\0\0", 8);
  EXPECT_EQ(journal_entry({{"X", "a\nb"}}), "X\n" + length + "a\nb\n");
  for (const auto* name : {"", "_X", "x", "A B", "A=B", "1A", "A\nB"})
    EXPECT_THROW((void)journal_entry({{name, "x"}}), base::Error) << name;
}

TEST(Journal, NamesTheChange) {
  const auto text = journal_entry(
      journal_fields({0, "db1\nMESSAGE=forged", State::up, State::wrong_key, 12.34, "\x1b]0;x\n_TRANSPORT=kernel"}));
  EXPECT_THAT(text, HasSubstr("PRIORITY=4\n"));
  EXPECT_THAT(text, HasSubstr("DRACUT_SSHD_STATE=wrong-key\n"));
  EXPECT_THAT(text, HasSubstr("DRACUT_SSHD_STATE_BEFORE=up\n"));
  EXPECT_THAT(text, HasSubstr("DRACUT_SSHD_SECONDS_BEFORE=12.3\n"));
  EXPECT_THAT(text, Not(HasSubstr("\nMESSAGE=forged")));
  EXPECT_THAT(text, Not(HasSubstr("\n_TRANSPORT")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Journal, SendsOneDatagram) {
  const base::TempDir folder("/tmp", "watch-test.");
  const auto path = (folder.path() / "socket").string();
  EXPECT_FALSE(send_to_journal("A=b\n", path));
  const base::Fd journal(socket(AF_UNIX, SOCK_DGRAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(bind(journal.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(send_to_journal("A=b\n", path));
  char buffer[16];
  ASSERT_EQ(read(journal.get(), buffer, sizeof buffer), 4);
  EXPECT_EQ(std::string(buffer, 4), "A=b\n");
  EXPECT_FALSE(send_to_journal("A=b\n", std::string(200, 'x')));
}

}  // namespace
}  // namespace watch
