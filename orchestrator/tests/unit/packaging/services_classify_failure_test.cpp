// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/classify_failure.hpp"

namespace {

using services::Fault;
using services::Reply;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

Fault fault_of(const std::string& talk) { return services::trouble({1, "", talk, false}).fault; }

TEST(Trouble, StatusesThatMayPassAreTriedAgain) {
  for (const auto* status : {"408", "429", "500", "502", "503", "504"}) {
    EXPECT_EQ(fault_of(std::string("[10:00:00] {x.py:1} DEBUG - http://127.0.0.1:1 \"GET /api_3/monitor HTTP/1.1\" ") +
                       status + " 20\n\nError: no\n"),
              Fault::passing)
        << status;
    EXPECT_EQ(fault_of(std::string("Server returned an error: HTTP Error ") + status + ": x"), Fault::passing);
    EXPECT_EQ(
        fault_of(std::string("fatal: unable to access 'https://x/': The requested URL returned error: ") + status),
        Fault::passing);
  }
}

TEST(Trouble, WhoIsNotKnownIsNotTriedAgain) {
  EXPECT_EQ(fault_of("\"POST /api_3/build HTTP/1.1\" 401 99\nError: Login invalid/expired."), Fault::denied);
  EXPECT_EQ(fault_of("HTTP Error 403: Forbidden"), Fault::denied);
  EXPECT_EQ(fault_of("git@x: Permission denied (publickey).\nfatal: Could not read from remote repository."),
            Fault::denied);
  EXPECT_EQ(fault_of("Error: Copr configuration error. File /x is missing."), Fault::denied);
  EXPECT_EQ(fault_of("Wrong Password"), Fault::denied);
}

TEST(Trouble, TheLastAnswerCounts) {
  EXPECT_EQ(fault_of("\"GET /a HTTP/1.1\" 503 1\n\"GET /a HTTP/1.1\" 401 1\n"), Fault::denied);
  EXPECT_EQ(fault_of("\"GET /a HTTP/1.1\" 200 1\n\"GET /a HTTP/1.1\" 404 1\nError: none"), Fault::final);
}

TEST(Trouble, AConnectionThatWasCutMayPass) {
  for (const auto* talk : {"Error: Unable to connect to http://127.0.0.1:1/api_3/.", "Connection reset by peer",
                           "curl: (6) Could not resolve host: x", "fatal: early EOF", "421 Timeout",
                           "[Errno 32] Broken pipe", "ssh: connect to host x port 22: Connection timed out"})
    EXPECT_EQ(fault_of(talk), Fault::passing) << talk;
  EXPECT_EQ(services::trouble({0, "", "", true}).fault, Fault::passing);
}

TEST(Trouble, AnythingElseIsFinal) {
  EXPECT_EQ(fault_of("error: failed to push some refs"), Fault::final);
  EXPECT_EQ(fault_of(""), Fault::final);
  EXPECT_EQ(fault_of("HTTP Error 400: invalid spec"), Fault::final);
}

TEST(Trouble, SaysWhatWasSaidForPeople) {
  const auto trouble = services::trouble({1, "Uploading package x\n",
                                          "#  Debug log enabled  #\n[1:2:3] {a} DEBUG - Starting new HTTP connection\n"
                                          "[1:2:3] {a} DEBUG - http://h \"POST /u HTTP/1.1\" 429 1\n\nSomething went "
                                          "wrong:\nError: Slow down.\n",
                                          false});
  EXPECT_THAT(trouble.why, HasSubstr("Error: Slow down. (HTTP 429)"));
  EXPECT_THAT(trouble.why, Not(HasSubstr("DEBUG")));
  EXPECT_EQ(services::trouble({7, "", "", false}).why, "it ended with 7");
}

TEST(Trouble, WhatTheServiceAsksForIsKept) {
  EXPECT_EQ(services::trouble({1, "", "HTTP Error 429\nRetry-After: 17\n", false}).retry_after, seconds(17));
  EXPECT_EQ(services::trouble({1, "", "HTTP Error 429\nRetry-After: 99999999999\n", false}).retry_after, seconds(0));
}

TEST(Pause, DoublesUpToTwoMinutesAndIsAtLeastAHalf) {
  EXPECT_EQ(services::pause(0, 0, seconds(0)), milliseconds(500));
  EXPECT_EQ(services::pause(0, 1, seconds(0)), milliseconds(1000));
  EXPECT_EQ(services::pause(3, 1, seconds(0)), milliseconds(8000));
  EXPECT_EQ(services::pause(99, 1, seconds(0)), milliseconds(120'000));
  EXPECT_EQ(services::pause(99, 0, seconds(0)), milliseconds(60'000));
}

TEST(Pause, IsNeverShorterThanWasAskedForAndNeverEndless) {
  EXPECT_EQ(services::pause(0, 0, seconds(30)), milliseconds(30'000));
  EXPECT_EQ(services::pause(0, 0, seconds(999'999)), milliseconds(900'000));
}

}  // namespace
