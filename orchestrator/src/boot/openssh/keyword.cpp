// SPDX-License-Identifier: GPL-3.0-or-later
#include "openssh/keyword.hpp"

#include <map>
#include <utility>

#include "openssh/pattern.hpp"

namespace openssh {

namespace {

constexpr bool kMatch = true;
constexpr bool kGlobal = false;

using Choices = std::vector<std::string_view>;

void add_authentication(std::vector<Keyword>& out) {
  const Choices root{"yes", "no", "prohibit-password", "without-password", "forced-commands-only"};
  const auto flag = [&out](std::string_view name, bool match = kMatch) {
    out.push_back({name, name, Shape::flag, Merge::first, match});
  };
  const auto word = [&out](std::string_view name, bool match = kMatch, Version since = {}) {
    out.push_back({name, name, Shape::word, Merge::first, match, Status::known, since});
  };
  out.push_back({"permitrootlogin", "permitrootlogin", Shape::choice, Merge::first, kMatch, Status::known, {}, root});
  flag("pubkeyauthentication");
  out.push_back({"dsaauthentication", "pubkeyauthentication", Shape::flag, Merge::first, kGlobal});
  flag("passwordauthentication");
  flag("permitemptypasswords");
  flag("kbdinteractiveauthentication");
  for (const auto* alias : {"challengeresponseauthentication", "skeyauthentication"})
    out.push_back({alias, "kbdinteractiveauthentication", Shape::flag, Merge::first, kMatch});
  flag("hostbasedauthentication");
  flag("hostbasedusesnamefrompacketonly");
  flag("strictmodes", kGlobal);
  flag("usepam", kGlobal);
  word("pamservicename", kMatch, {9, 8, 0});
  // The new names of 8.5; the old ones are aliases that every version knows.
  word("pubkeyacceptedalgorithms", kMatch, {8, 5, 0});
  word("hostbasedacceptedalgorithms", kMatch, {8, 5, 0});
  out.push_back({"pubkeyacceptedkeytypes", "pubkeyacceptedalgorithms", Shape::word, Merge::first, kMatch});
  out.push_back({"hostbasedacceptedkeytypes", "hostbasedacceptedalgorithms", Shape::word, Merge::first, kMatch});
  out.push_back(
      {"pubkeyauthoptions", "pubkeyauthoptions", Shape::words_or_none, Merge::first, kMatch, Status::known, {8, 2, 0}});
  out.push_back({"requiredrsasize", "requiredrsasize", Shape::number, Merge::first, kMatch, Status::known, {9, 1, 0}});
  out.push_back({"authenticationmethods", "authenticationmethods", Shape::words, Merge::first, kMatch});
  out.push_back({"authorizedkeysfile", "authorizedkeysfile", Shape::words, Merge::first, kMatch});
  for (const auto* name : {"authorizedkeyscommand", "authorizedprincipalscommand"})
    out.push_back({name, name, Shape::command, Merge::first, kMatch});
  for (const auto* name : {"authorizedkeyscommanduser", "authorizedprincipalscommanduser", "authorizedprincipalsfile",
                           "trustedusercakeys", "revokedkeys", "casignaturealgorithms"})
    word(name);
  for (const auto* name : {"allowusers", "denyusers", "allowgroups", "denygroups"})
    out.push_back({name, name, Shape::words, Merge::append, kMatch});
  for (const auto* name : {"maxauthtries", "maxsessions"})
    out.push_back({name, name, Shape::number, Merge::first, kMatch});
  out.push_back({"refuseconnection", "refuseconnection", Shape::flag, Merge::first, kMatch, Status::known, {9, 9, 0}});
}

void add_server(std::vector<Keyword>& out) {
  out.push_back({"port", "port", Shape::port, Merge::append, kGlobal});
  out.push_back({"listenaddress", "listenaddress", Shape::words, Merge::append, kGlobal});
  out.push_back({"addressfamily",
                 "addressfamily",
                 Shape::choice,
                 Merge::first,
                 kGlobal,
                 Status::known,
                 {},
                 {"inet", "inet6", "any"}});
  out.push_back({"hostkey", "hostkey", Shape::word, Merge::append, kGlobal});
  out.push_back({"hostdsakey", "hostkey", Shape::word, Merge::append, kGlobal});
  out.push_back({"hostcertificate", "hostcertificate", Shape::word, Merge::append, kGlobal});
  for (const auto* name :
       {"hostkeyagent", "hostkeyalgorithms", "pidfile", "xauthlocation", "ciphers", "macs", "kexalgorithms"})
    out.push_back({name, name, Shape::word, Merge::first, kGlobal});
  out.push_back({"modulifile", "modulifile", Shape::word, Merge::first, kGlobal, Status::known, {8, 6, 0}});
  out.push_back(
      {"securitykeyprovider", "securitykeyprovider", Shape::word, Merge::first, kGlobal, Status::known, {8, 2, 0}});
  out.push_back({"sshdsessionpath", "sshdsessionpath", Shape::word, Merge::first, kGlobal, Status::known, {9, 8, 0}});
  out.push_back({"sshdauthpath", "sshdauthpath", Shape::word, Merge::first, kGlobal, Status::known, {10, 0, 0}});
  out.push_back({"logingracetime", "logingracetime", Shape::time, Merge::first, kGlobal});
  out.push_back({"maxstartups", "maxstartups", Shape::word, Merge::last, kGlobal});
  out.push_back(
      {"persourcemaxstartups", "persourcemaxstartups", Shape::word, Merge::first, kGlobal, Status::known, {8, 5, 0}});
  out.push_back(
      {"persourcenetblocksize", "persourcenetblocksize", Shape::word, Merge::last, kGlobal, Status::known, {8, 5, 0}});
  out.push_back(
      {"persourcepenalties", "persourcepenalties", Shape::words, Merge::append, kGlobal, Status::known, {9, 8, 0}});
  out.push_back({"persourcepenaltyexemptlist",
                 "persourcepenaltyexemptlist",
                 Shape::word,
                 Merge::first,
                 kGlobal,
                 Status::known,
                 {9, 8, 0}});
}

void add_logging(std::vector<Keyword>& out) {
  out.push_back({"syslogfacility",
                 "syslogfacility",
                 Shape::choice,
                 Merge::first,
                 kGlobal,
                 Status::known,
                 {},
                 {"daemon", "user", "auth", "authpriv", "local0", "local1", "local2", "local3", "local4", "local5",
                  "local6", "local7"}});
  out.push_back({"loglevel",
                 "loglevel",
                 Shape::choice,
                 Merge::first,
                 kMatch,
                 Status::known,
                 {},
                 {"quiet", "fatal", "error", "info", "verbose", "debug", "debug1", "debug2", "debug3"}});
  out.push_back({"logverbose", "logverbose", Shape::words, Merge::first, kMatch, Status::known, {8, 5, 0}});
  for (const auto* name : {"printmotd", "printlastlog", "ignoreuserknownhosts", "tcpkeepalive", "usedns"})
    out.push_back({name, name, Shape::flag, Merge::first, kGlobal});
  out.push_back({"keepalive", "tcpkeepalive", Shape::flag, Merge::first, kGlobal});
  out.push_back({"ignorerhosts",
                 "ignorerhosts",
                 Shape::choice,
                 Merge::first,
                 kMatch,
                 Status::known,
                 {},
                 {"yes", "no", "shosts-only"}});
  out.push_back({"compression",
                 "compression",
                 Shape::choice,
                 Merge::first,
                 kGlobal,
                 Status::known,
                 {},
                 {"yes", "delayed", "no"}});
  out.push_back({"fingerprinthash", "fingerprinthash", Shape::word, Merge::last, kGlobal});
  out.push_back({"versionaddendum", "versionaddendum", Shape::rest, Merge::first, kGlobal});
  out.push_back({"permituserenvironment", "permituserenvironment", Shape::word, Merge::first, kGlobal});
}

void add_session(std::vector<Keyword>& out) {
  const Choices forwarding{"yes", "all", "no", "remote", "local"};
  for (const auto* name : {"x11forwarding", "x11uselocalhost", "permittty", "permituserrc", "allowagentforwarding",
                           "disableforwarding", "streamlocalbindunlink", "exposeauthinfo"})
    out.push_back({name, name, Shape::flag, Merge::first, kMatch});
  for (const auto* name : {"x11displayoffset", "clientalivecountmax"})
    out.push_back({name, name, Shape::number, Merge::first, kMatch});
  out.push_back({"clientaliveinterval", "clientaliveinterval", Shape::time, Merge::first, kMatch});
  for (const auto* name : {"allowtcpforwarding", "allowstreamlocalforwarding"})
    out.push_back({name, name, Shape::choice, Merge::first, kMatch, Status::known, {}, forwarding});
  out.push_back({"gatewayports",
                 "gatewayports",
                 Shape::choice,
                 Merge::first,
                 kMatch,
                 Status::known,
                 {},
                 {"clientspecified", "yes", "no"}});
  out.push_back({"permittunnel",
                 "permittunnel",
                 Shape::choice,
                 Merge::first,
                 kMatch,
                 Status::known,
                 {},
                 {"no", "point-to-point", "ethernet", "yes"}});
  for (const auto* name : {"banner", "chrootdirectory", "rdomain"})
    out.push_back({name, name, Shape::word, Merge::first, kMatch});
  out.push_back({"streamlocalbindmask", "streamlocalbindmask", Shape::word, Merge::last, kMatch});
  out.push_back({"forcecommand", "forcecommand", Shape::rest, Merge::first, kMatch});
  for (const auto* name : {"permitopen", "permitlisten", "setenv"})
    out.push_back({name, name, Shape::words, Merge::first, kMatch});
  out.push_back({"acceptenv", "acceptenv", Shape::words, Merge::append, kMatch});
  out.push_back({"rekeylimit", "rekeylimit", Shape::words, Merge::first, kMatch});
  out.push_back({"ipqos", "ipqos", Shape::words, Merge::last, kMatch});
  // 9.5 allows it in a Match block; before that, sshd ends there.
  out.push_back({"subsystem", "subsystem", Shape::words, Merge::subsystem, kMatch});
  out.push_back({"channeltimeout", "channeltimeout", Shape::words, Merge::first, kMatch, Status::known, {9, 2, 0}});
  out.push_back({"unusedconnectiontimeout",
                 "unusedconnectiontimeout",
                 Shape::time_or_none,
                 Merge::first,
                 kMatch,
                 Status::known,
                 {9, 2, 0}});
  out.push_back({"match", "match", Shape::several, Merge::append, kMatch});
  out.push_back({"include", "include", Shape::words, Merge::append, kMatch, Status::known, {8, 2, 0}});
}

void add_others(std::vector<Keyword>& out) {
  for (const auto* name :
       {"pamauthenticationviakbdint", "serverkeybits", "keyregenerationinterval", "rhostsauthentication", "checkmail",
        "uselogin", "verifyreversemapping", "reversemappingcheck", "useprivilegeseparation"})
    out.push_back({name, name, Shape::several, Merge::first, kGlobal, Status::deprecated});
  for (const auto* name : {"rhostsrsaauthentication", "rsaauthentication", "authorizedkeysfile2"})
    out.push_back({name, name, Shape::several, Merge::first, kMatch, Status::deprecated});
  for (const auto* name : {"kerberostgtpassing", "afstokenpassing"})
    out.push_back({name, name, Shape::several, Merge::first, kGlobal, Status::deprecated});
  out.push_back({"protocol", "protocol", Shape::several, Merge::first, kGlobal, Status::ignored});
  // Where they are not built in, sshd only warns ("Unsupported option"): their arguments are not looked at.
  for (const auto* name : {"kerberosauthentication", "gssapiauthentication"})
    out.push_back({name, name, Shape::several, Merge::first, kMatch});
  for (const auto* name : {"kerberosorlocalpasswd", "kerberosticketcleanup", "kerberosgetafstoken",
                           "gssapicleanupcredentials", "gssapistrictacceptorcheck"})
    out.push_back({name, name, Shape::several, Merge::first, kGlobal});
  for (const auto* name : {"debianbanner", "gssapikeyexchange", "gssapistorecredentialsonrekey", "gssapikexalgorithms",
                           "gssapicleanupcreds", "gssapiusesessioncredcache", "gssapienablek5users", "gssapiindicators",
                           "kerberosuniqueccache", "kerberosusekuserok", "rsaminsize"})
    out.push_back({name, name == std::string_view("rsaminsize") ? "requiredrsasize" : name, Shape::several,
                   Merge::first, kMatch, Status::vendor});
}

}  // namespace

const std::vector<Keyword>& all_keywords() {
  static const std::vector<Keyword> table = [] {
    std::vector<Keyword> out;
    add_authentication(out);
    add_server(out);
    add_logging(out);
    add_session(out);
    add_others(out);
    return out;
  }();
  return table;
}

const Keyword* find_keyword(std::string_view name) {
  static const std::map<std::string_view, const Keyword*> index = [] {
    std::map<std::string_view, const Keyword*> out;
    for (const auto& keyword : all_keywords()) out.emplace(keyword.name, &keyword);
    return out;
  }();
  const auto found = index.find(lower(name.substr(0, 64)));
  return found == index.end() ? nullptr : found->second;
}

}  // namespace openssh
