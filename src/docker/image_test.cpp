#include "docker/image.hpp"

#include <gtest/gtest.h>

#include "docker/pull.hpp"

namespace cordyna::docker {
namespace {

TEST(Image, NameAndTagComeApart) {
  struct Case {
    std::string_view text, name, tag;
  };
  for (const Case& one : {
           Case{"alpine", "alpine", "latest"},
           Case{"alpine:3.20", "alpine", "3.20"},
           Case{"team/app", "team/app", "latest"},
           Case{"localhost/app:1", "localhost/app", "1"},
           Case{"registry:5000/team/app", "registry:5000/team/app", "latest"},
           Case{"registry:5000/team/app:1.2", "registry:5000/team/app", "1.2"},
           Case{"ghcr.io/a/b@sha256:ab12", "ghcr.io/a/b", "sha256:ab12"},
           Case{"ghcr.io/a/b:7@sha256:ab12", "ghcr.io/a/b", "sha256:ab12"},
       }) {
    const ImageName got = split_image(one.text);
    EXPECT_EQ(got.name, one.name) << one.text;
    EXPECT_EQ(got.tag, one.tag) << one.text;
  }
}

std::vector<std::string> told(std::string_view bytes, std::size_t step, Result<>& result) {
  std::vector<std::string> lines;
  PullReader reader([&lines](std::string_view line) { lines.emplace_back(line); });
  for (std::size_t at = 0; at < bytes.size(); at += step) reader.feed(bytes.substr(at, step));
  result = reader.end();
  return lines;
}

TEST(Pull, StepsAreToldAndProgressIsNot) {
  constexpr std::string_view kBytes =
      "{\"status\":\"Pulling from library/alpine\",\"id\":\"3.20\"}\r\n"
      "{\"status\":\"Pulling fs layer\",\"progressDetail\":{},\"id\":\"c1\"}\r\n"
      "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":1,\"total\":2},\"id\":\"c1\"}"
      "\r\n"
      "{\"status\":\"Pull complete\",\"progressDetail\":{},\"id\":\"c1\"}\r\n"
      "{\"status\":\"Digest: sha256:ab\"}\r\n"
      "{\"status\":\"Status: Downloaded newer image for alpine:3.20\"}";
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, kBytes.size()}) {
    Result<> result;
    EXPECT_EQ(told(kBytes, step, result),
              (std::vector<std::string>{"3.20: Pulling from library/alpine", "Digest: sha256:ab",
                                        "Status: Downloaded newer image for alpine:3.20"}));
    EXPECT_TRUE(result.has_value());
  }
}

TEST(Pull, AnErrorWithinAnAnswerThatBeganWellCounts) {
  Result<> result;
  const auto lines = told(
      "{\"status\":\"Pulling from a/b\",\"id\":\"1\"}\n"
      "{\"errorDetail\":{\"message\":\"unexpected EOF\"},\"error\":\"unexpected EOF\"}\n",
      5, result);
  EXPECT_EQ(lines.size(), 1U);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(result.error().message, "unexpected EOF");
}

TEST(Pull, WhatARegistryDoesNotHaveIsNotFound) {
  for (const std::string_view text :
       {"manifest for a/b:9 not found: manifest unknown: manifest unknown",
        "pull access denied for a/b, repository does not exist or may require 'docker login'"}) {
    EXPECT_EQ(pull_error(text).code, ErrorCode::kNotFound) << text;
  }
  EXPECT_EQ(pull_error("unauthorized: authentication required").code, ErrorCode::kDenied);
  EXPECT_EQ(pull_error("Get \"https://r/v2/\": dial tcp: lookup r: no such host").code,
            ErrorCode::kUnavailable);
  EXPECT_EQ(pull_error("write /var/lib/docker/tmp/x: no space left on device").code,
            ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace cordyna::docker
