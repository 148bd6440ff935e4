#include "git/follower.hpp"

#include <gtest/gtest.h>

#include "git/access.hpp"

namespace cordyna::git {
namespace {

TEST(FollowerTest, WhatGoesWrongIsTriedLessAndLessOften) {
  EXPECT_EQ(pause_after(60'000, 0), 60'000);
  EXPECT_EQ(pause_after(60'000, 1), 60'000);
  EXPECT_EQ(pause_after(60'000, 2), 120'000);
  EXPECT_EQ(pause_after(60'000, 4), 480'000);
  EXPECT_EQ(pause_after(60'000, 5), 900'000);
  EXPECT_EQ(pause_after(60'000, 100), 900'000);
  EXPECT_EQ(pause_after(86'400'000, 3), 86'400'000);
}

class FewSecrets final : public Secrets {
 public:
  Result<std::string> find(std::string_view name) const override {
    if (name == "TOKEN") return "t0ken";
    if (name == "KEY") return "-----BEGIN-----";
    return fail(ErrorCode::kNotFound, "there is no secret " + std::string(name));
  }
};

TEST(AccessTest, NamesOfSecretsBecomeTheirValues) {
  const FewSecrets secrets;
  GitFollow follow{.ns = "acme", .url = "https://h/a", .branch = "b"};
  follow.token.secret = "TOKEN";
  const auto web = remote_of(follow, secrets);
  ASSERT_TRUE(web.has_value());
  EXPECT_EQ(web->password, "t0ken");
  EXPECT_EQ(web->branch, "b");
  follow.token = {};
  follow.ssh_key.secret = "KEY";
  follow.known_hosts = "h ssh-ed25519 AAAA";
  const auto shell = remote_of(follow, secrets);
  ASSERT_TRUE(shell.has_value());
  EXPECT_EQ(shell->key, "-----BEGIN-----\n");
  EXPECT_EQ(shell->known_hosts, "h ssh-ed25519 AAAA");
  follow.passphrase.secret = "NONE";
  const auto none = remote_of(follow, secrets);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().message, "'passphrase': there is no secret NONE");
}

}  // namespace
}  // namespace cordyna::git
