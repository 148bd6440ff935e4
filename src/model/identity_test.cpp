#include "model/identity.hpp"

#include <gtest/gtest.h>

namespace cordyna {
namespace {

TEST(IdentityTest, AGrantReachesItsNamespaceAndThoseBelow) {
  EXPECT_TRUE(reaches("acme", "acme"));
  EXPECT_TRUE(reaches("acme", "acme.housing"));
  EXPECT_FALSE(reaches("acme", "acmeville"));
  EXPECT_FALSE(reaches("acme.housing", "acme"));
  EXPECT_FALSE(reaches("acme", ""));
  EXPECT_FALSE(reaches("", "acme"));
  EXPECT_TRUE(reaches("*", ""));
  EXPECT_TRUE(reaches("*", "acme"));
  EXPECT_FALSE(reaches("acme", "*")) << "a right in one namespace is none over the server";
}

TEST(IdentityTest, AHigherRoleIncludesTheLower) {
  const std::vector<Grant> grants{{"acme", Role::kAuthor}, {"*", Role::kViewer}};
  EXPECT_TRUE(allows(grants, Role::kOperator, "acme.x"));
  EXPECT_FALSE(allows(grants, Role::kAdmin, "acme"));
  EXPECT_TRUE(allows(grants, Role::kViewer, "other"));
  EXPECT_FALSE(allows(grants, Role::kOperator, "other"));
  EXPECT_FALSE(allows({}, Role::kViewer, "acme"));
}

TEST(IdentityTest, GrantsGoToTextAndBack) {
  const std::vector<Grant> grants{{"acme.x-1", Role::kAuthor}, {"*", Role::kViewer}};
  EXPECT_EQ(grants_text(grants), "author@acme.x-1,viewer@*");
  EXPECT_EQ(parse_grants(grants_text(grants)), grants);
  EXPECT_EQ(parse_grants(""), std::vector<Grant>());
  for (const char* bad : {"author", "author@", "king@acme", "author@Acme", "author@a/b", "@acme"}) {
    EXPECT_EQ(parse_grants(bad), std::nullopt) << bad;
  }
}

TEST(IdentityTest, TheTextOfAnEntryTellsItsFieldsApart) {
  AuditRow a;
  a.actor = "x";
  a.action = "yz";
  AuditRow b;
  b.actor = "xy";
  b.action = "z";
  EXPECT_NE(audit_text(a, ""), audit_text(b, ""));
  EXPECT_NE(audit_text(a, "1"), audit_text(a, "2"));
}

}  // namespace
}  // namespace cordyna
