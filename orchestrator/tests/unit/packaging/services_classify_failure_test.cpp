// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/classify_failure.hpp"

namespace {

using services::Failure;
using services::Reply;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

Failure fault_of(const std::string& talk) { return services::classify_failure({1, "", talk, false}).kind; }

TEST(ClassifiedFailure, StatusesThatMayPassAreTriedAgain) {
  for (const auto* status : {"408", "429", "500", "502", "503", "504"}) {
    EXPECT_EQ(fault_of(std::string("[10:00:00] {x.py:1} DEBUG - http://127.0.0.1:1 \"GET /api_3/monitor HTTP/1.1\" ") +
                       status + " 20\n\nError: no\n"),
              Failure::transient)
        << status;
    EXPECT_EQ(fault_of(std::string("Server returned an error: HTTP Error ") + status + ": x"), Failure::transient);
    EXPECT_EQ(
        fault_of(std::string("fatal: unable to access 'https://x/': The requested URL returned error: ") + status),
        Failure::transient);
  }
}

TEST(ClassifiedFailure, WhoIsNotKnownIsNotTriedAgain) {
  EXPECT_EQ(fault_of("\"POST /api_3/build HTTP/1.1\" 401 99\nError: Login invalid/expired."), Failure::auth);
  EXPECT_EQ(fault_of("HTTP Error 403: Forbidden"), Failure::auth);
  EXPECT_EQ(fault_of("git@x: Permission denied (publickey).\nfatal: Could not read from remote repository."),
            Failure::auth);
  EXPECT_EQ(fault_of("Error: Copr configuration error. File /x is missing."), Failure::auth);
  EXPECT_EQ(fault_of("Wrong Password"), Failure::auth);
}

TEST(ClassifiedFailure, TheLastAnswerCounts) {
  EXPECT_EQ(fault_of("\"GET /a HTTP/1.1\" 503 1\n\"GET /a HTTP/1.1\" 401 1\n"), Failure::auth);
  EXPECT_EQ(fault_of("\"GET /a HTTP/1.1\" 200 1\n\"GET /a HTTP/1.1\" 404 1\nError: none"), Failure::permanent);
}

TEST(ClassifiedFailure, AConnectionThatWasCutMayPass) {
  for (const auto* talk : {"Error: Unable to connect to http://127.0.0.1:1/api_3/.", "Connection reset by peer",
                           "curl: (6) Could not resolve host: x", "fatal: early EOF", "421 Timeout",
                           "[Errno 32] Broken pipe", "ssh: connect to host x port 22: Connection timed out"})
    EXPECT_EQ(fault_of(talk), Failure::transient) << talk;
  EXPECT_EQ(services::classify_failure({0, "", "", true}).kind, Failure::transient);
}

TEST(ClassifiedFailure, AnythingElseIsFinal) {
  EXPECT_EQ(fault_of("error: failed to push some refs"), Failure::permanent);
  EXPECT_EQ(fault_of(""), Failure::permanent);
  EXPECT_EQ(fault_of("HTTP Error 400: invalid spec"), Failure::permanent);
}

TEST(ClassifiedFailure, SaysWhatWasSaidForPeople) {
  const auto trouble =
      services::classify_failure({1, "Uploading package x\n",
                                  "#  Debug log enabled  #\n[1:2:3] {a} DEBUG - Starting new HTTP connection\n"
                                  "[1:2:3] {a} DEBUG - http://h \"POST /u HTTP/1.1\" 429 1\n\nSomething went "
                                  "wrong:\nError: Slow down.\n",
                                  false});
  EXPECT_THAT(trouble.why, HasSubstr("Error: Slow down. (HTTP 429)"));
  EXPECT_THAT(trouble.why, Not(HasSubstr("DEBUG")));
  EXPECT_EQ(services::classify_failure({7, "", "", false}).why, "it ended with 7");
}

TEST(ClassifiedFailure, WhatTheServiceAsksForIsKept) {
  EXPECT_EQ(services::classify_failure({1, "", "HTTP Error 429\nRetry-After: 17\n", false}).retry_after, seconds(17));
  EXPECT_EQ(services::classify_failure({1, "", "HTTP Error 429\nRetry-After: 99999999999\n", false}).retry_after,
            seconds(0));
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
