#include "process/kubernetes/policy.hpp"

#include <gtest/gtest.h>

namespace cordyna::kubernetes {
namespace {

TEST(KubernetesPolicyTest, ByItselfAFlowReachesTheContextsOwnNamespaceAlone) {
  const Policy policy = make_policy("", "", "");
  EXPECT_TRUE(check_context(policy, {}).has_value());
  EXPECT_EQ(check_namespace(policy, {}, "team").value(), "team");
  EXPECT_EQ(check_namespace(policy, {"", "team", ""}, "team").value(), "team");
  const auto context = check_context(policy, {"other", "", ""});
  ASSERT_FALSE(context.has_value());
  EXPECT_EQ(context.error().code, ErrorCode::kDenied);
  EXPECT_EQ(
      context.error().message,
      "context: 'other' is not allowed here; DYNA_KUBERNETES_CONTEXTS of the server names what is");
  EXPECT_EQ(check_context(policy, {"", "", "root"}).error().code, ErrorCode::kDenied);
  EXPECT_EQ(check_namespace(policy, {"", "kube-system", ""}, "team").error().code,
            ErrorCode::kDenied);
}

TEST(KubernetesPolicyTest, WhatTheAdministratorNamesIsAllowedAndNothingElse) {
  const Policy policy = make_policy("a, b", "x,y,", "runner");
  EXPECT_TRUE(check_context(policy, {"b", "", "runner"}).has_value());
  EXPECT_FALSE(check_context(policy, {"c", "", ""}).has_value());
  EXPECT_FALSE(check_context(policy, {"", "", "runner "}).has_value());
  EXPECT_EQ(check_namespace(policy, {"", "y", ""}, "team").value(), "y");
  // A list is all there is: also the context's own must be in it.
  EXPECT_FALSE(check_namespace(policy, {}, "team").has_value());
}

}  // namespace
}  // namespace cordyna::kubernetes
