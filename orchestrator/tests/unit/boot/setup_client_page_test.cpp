// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "fakes.hpp"
#include "openssh_samples.hpp"
#include "setup/client_page.hpp"
#include "setup/qr.hpp"

namespace setup {
namespace {

using testing::HasSubstr;
using testing::Not;

PageContent web_page() {
  PageContent out;
  out.title = "web";
  out.made = "2026-11-29 12:00 UTC";
  out.summary = {"you@desk may log in"};
  out.facts.names = {"web"};
  out.facts.addresses = {"192.0.2.10"};
  out.facts.host_keys = {samples::kEd25519};
  out.facts.fingerprints = {samples::kEd25519Fingerprint};
  out.lines = client_lines(out.facts);
  out.verdict = "The next boot lets you in.";
  out.files = {{"/etc/dracut-sshd/authorized_keys", "the keys that may log in"}};
  out.findings = {{"sshd.present", inspect::Severity::good, "sshd is in the image", ""},
                  {"host.boot.room", inspect::Severity::warning, "little room in /boot", "remove an old kernel"}};
  return out;
}

TEST(SetupPage, HasWhatAClientNeeds) {
  const auto page = page_of(web_page());
  for (const auto* part :
       {"web-initramfs ssh-ed25519 AAAA", "HostKeyAlias web-initramfs", "dracut-sshd unlock 192.0.2.10",
        "ssh web-initramfs", "SHA256:59zp", "web-initramfs IN SSHFP 4 2 ", "/etc/dracut-sshd/authorized_keys",
        "the keys that may log in", "The next boot lets you in.", "you@desk may log in", "little room in /boot",
        "remove an old kernel"})
    EXPECT_THAT(page, HasSubstr(part));
  EXPECT_LT(page.find("little room"), page.find("sshd is in the image"));  // the worst first
  EXPECT_THAT(page, HasSubstr("class=\"verdict good\""));
}

TEST(SetupPage, EverythingIsEscapedAndNothingIsLoaded) {
  const std::string evil = "<script>alert(1)</script>\x1b[2J\"'&\n<img src=x>";
  auto content = web_page();
  content.title = content.made = content.verdict = evil;
  content.summary = {evil};
  content.files = {{evil, evil}};
  content.findings = {{evil, inspect::Severity::error, evil, evil}};
  content.facts.fingerprints = {evil};
  content.lines.known_hosts = {evil};
  content.lines.ssh_config = evil;
  content.lines.sshfp = {evil};
  content.lines.unlock = evil;
  const auto page = page_of(content);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
  for (const auto* loading : {"src=", "href=", "url(", "@import", "http:", "https:"})
    EXPECT_THAT(page_of(web_page()), Not(HasSubstr(loading)));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(SetupPage, WhatIsNotThereHasNoHeading) {
  PageContent content;
  content.title = "web";
  const auto page = page_of(content);
  EXPECT_THAT(page, Not(HasSubstr("<h2>")));
  EXPECT_THAT(page, HasSubstr("</html>"));
}

/// What `qrencode --type=ASCII` prints for something: each module twice.
std::string ascii_code(std::size_t size, std::size_t dark_every) {
  std::string out;
  for (std::size_t y = 0; y < size; ++y) {
    for (std::size_t x = 0; x < size; ++x) out += (x + y) % dark_every == 0 ? "##" : "  ";
    out += "\n";
  }
  return out;
}

TEST(Qr, IsDrawnFromItsModules) {
  const auto code = parse_qr(ascii_code(21, 3));
  ASSERT_TRUE(code);
  const auto svg = qr_svg(*code);
  EXPECT_THAT(svg, HasSubstr("viewBox=\"0 0 21 21\""));
  EXPECT_THAT(svg, HasSubstr("M0 0h1v1h-1zM3 0h1v1h-1z"));
  const auto lines = qr_terminal(*code);
  EXPECT_EQ(lines.substr(0, 6), "\u2584\u2588");  // dark over light, light over light
}

TEST(Qr, WhatQrencodeWouldNotPrintIsRefused) {
  EXPECT_TRUE(parse_qr(ascii_code(177, 2)));
  for (const auto& text :
       {std::string(), ascii_code(20, 2), ascii_code(400, 2), ascii_code(21, 2) + "##\n",
        ascii_code(21, 2).replace(3, 2, "# "), ascii_code(21, 2).replace(4, 2, "<<"), std::string("<svg onload='x'>")})
    EXPECT_FALSE(parse_qr(text));
}

TEST(Qr, TheTextIsTheCommandTheFingerprintAndTheLine) {
  auto facts = web_page().facts;
  EXPECT_EQ(qr_text(facts),
            "ssh root@192.0.2.10\n" + samples::kEd25519Fingerprint + "\nweb-initramfs " + samples::kEd25519);
  facts.port = "2222";
  EXPECT_THAT(qr_text(facts), HasSubstr("ssh -p 2222 root@192.0.2.10"));
  facts.host_keys = {};
  EXPECT_EQ(qr_text(facts), "");
}

TEST(Qr, WithoutQrencodeThereIsNone) {
  fakes::Context<> context;
  context.environment = {{"PATH", "/nowhere"}};
  EXPECT_FALSE(make_qr("text", context));
  EXPECT_TRUE(context.runner.commands().empty());
}

}  // namespace
}  // namespace setup
