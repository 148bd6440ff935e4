#include "server/auth/tokens.hpp"

#include <gtest/gtest.h>

#include "server/auth/identity.hpp"

namespace cordyna::server {
namespace {

TEST(TokensTest, ATokenGoesToTextAndBack) {
  const TokenParts made = make_token();
  const auto parsed = parse_token(made.text());
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->id, made.id);
  EXPECT_EQ(parsed->secret, made.secret);
  EXPECT_NE(make_token().secret, made.secret);
  for (const std::string& bad :
       {std::string(), std::string("nothing"), "dyna_" + made.id, made.text() + "x",
        made.text().substr(1), "dyna_" + made.id + "_" + std::string(made.secret.size(), '0')}) {
    EXPECT_FALSE(parse_token(bad).has_value()) << bad;
  }
}

TEST(TokensTest, APasswordFitsOnlyItself) {
  const std::string hash = hash_password("correct horse battery");
  EXPECT_TRUE(hash.starts_with("$argon2id$"));
  EXPECT_TRUE(fits_password(hash, "correct horse battery"));
  EXPECT_FALSE(fits_password(hash, "correct horse batterx"));
  EXPECT_FALSE(fits_password("", "correct horse battery"));
}

class IdentityOfTest : public testing::Test {
 protected:
  TokenRow row(TokenKind kind, const std::string& user) {
    token_ = make_token();
    TokenRow out;
    out.id = token_.id;
    out.kind = kind;
    out.hash = hash_of(token_.secret);
    out.user = user;
    out.grants = {{"acme", Role::kAdmin}};
    return out;
  }
  void add_user(const std::string& name, std::vector<Grant> grants, Millis disabled_at = 0) {
    UserRow user;
    user.name = name;
    user.grants = std::move(grants);
    user.disabled_at = disabled_at;
    identity_.changed({user}, {}, {});
  }
  TokenParts token_;
  Identity identity_;
};

TEST_F(IdentityOfTest, AServiceHasItsOwnGrants) {
  identity_.changed({}, {row(TokenKind::kService, "")}, {});
  const auto caller = identity_.caller_of(token_.text(), 5);
  ASSERT_TRUE(caller.has_value());
  EXPECT_EQ(caller->actor, "token:" + token_.id);
  EXPECT_TRUE(caller->may(Role::kAdmin, "acme.x"));
  EXPECT_FALSE(caller->may(Role::kViewer, "other"));
}

TEST_F(IdentityOfTest, APersonalTokenNeverReachesFurtherThanItsUser) {
  add_user("ann", {{"*", Role::kViewer}, {"acme.x", Role::kOperator}});
  identity_.changed({}, {row(TokenKind::kPersonal, "ann")}, {});
  auto caller = identity_.caller_of(token_.text(), 5);
  ASSERT_TRUE(caller.has_value());
  EXPECT_EQ(caller->actor, "user:ann");
  EXPECT_TRUE(caller->may(Role::kOperator, "acme.x"));
  EXPECT_TRUE(caller->may(Role::kViewer, "acme"));
  EXPECT_FALSE(caller->may(Role::kAuthor, "acme.x"));
  EXPECT_FALSE(caller->may(Role::kViewer, "other")) << "the token is for acme alone";
  add_user("ann", {});
  caller = identity_.caller_of(token_.text(), 5);
  EXPECT_FALSE(caller->may(Role::kViewer, "acme"));
  add_user("ann", {{"*", Role::kAdmin}}, 4);
  EXPECT_FALSE(identity_.caller_of(token_.text(), 5).has_value()) << "disabled";
}

TEST_F(IdentityOfTest, WhatIsOverOrWrongIsNobody) {
  TokenRow token = row(TokenKind::kService, "");
  token.expires_at = 10;
  identity_.changed({}, {token}, {});
  EXPECT_TRUE(identity_.caller_of(token_.text(), 9).has_value());
  EXPECT_FALSE(identity_.caller_of(token_.text(), 10).has_value());
  TokenParts other = token_;
  other.secret[0] = other.secret[0] == 'a' ? 'b' : 'a';
  EXPECT_FALSE(identity_.caller_of(other.text(), 9).has_value());
  token.revoked_at = 3;
  identity_.changed({}, {token}, {});
  EXPECT_FALSE(identity_.caller_of(token_.text(), 9).has_value());
  identity_.changed({}, {}, {token.id});
  EXPECT_FALSE(identity_.token(token.id).has_value());
}

TEST_F(IdentityOfTest, ALoginLinkIsNoToken) {
  add_user("ann", {{"*", Role::kAdmin}});
  identity_.changed({}, {row(TokenKind::kLogin, "ann")}, {});
  EXPECT_FALSE(identity_.caller_of(token_.text(), 5).has_value());
  EXPECT_TRUE(identity_.find(token_.text(), TokenKind::kLogin, 5).has_value());
  EXPECT_FALSE(identity_.find(token_.text(), TokenKind::kSession, 5).has_value());
}

}  // namespace
}  // namespace cordyna::server
