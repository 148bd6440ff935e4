#include "kubernetes/job_spec.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/base64.hpp"
#include "kubernetes/json_field.hpp"

namespace cordyna::kubernetes {
namespace {

namespace json = boost::json;

JobSpec spec() {
  JobSpec spec;
  spec.name = "dyna-x";
  spec.ns = "team";
  spec.owner = "o1";
  spec.attempt = "r/work/1";
  spec.image = "tiny:1";
  spec.command = {"echo", "$(HOME) $$ $x"};
  spec.env = {{"PLAIN", "a $(B)"}, {"TOKEN", "t0p $(C)", true}};
  spec.limits = {1500, 256'000'000, 1'000'000};
  spec.requests = {500, 0, 0};
  spec.ttl = 1'500;
  return spec;
}

TEST(JobSpecTest, AJobRunsOnceAndBeginsWhenItIsLet) {
  const json::value job = json::parse(job_json(spec()));
  EXPECT_EQ(
      json::serialize(*value_at(job, {"metadata"})),
      R"({"labels":{"cordyna.io/owner":"o1"},"annotations":{"cordyna.io/attempt":"r/work/1"},"name":"dyna-x"})");
  EXPECT_EQ(number_at(job, {"spec", "backoffLimit"}), 0);
  EXPECT_EQ(text_at(job, {"spec", "podReplacementPolicy"}), "Failed");
  EXPECT_TRUE(flag_at(job, {"spec", "suspend"}));
  EXPECT_EQ(number_at(job, {"spec", "ttlSecondsAfterFinished"}), 2);
  EXPECT_EQ(number_at(job, {"spec", "activeDeadlineSeconds"}), std::nullopt);
  EXPECT_EQ(text_at(job, {"spec", "template", "spec", "restartPolicy"}), "Never");
  EXPECT_EQ(value_at(job, {"spec", "template", "spec", "automountServiceAccountToken"})->as_bool(),
            false);
  const json::value& container = list_at(job, {"spec", "template", "spec", "containers"})->at(0);
  EXPECT_EQ(
      json::serialize(*value_at(container, {"resources"})),
      R"({"limits":{"cpu":"1500m","memory":"256000000","ephemeral-storage":"1000000"},"requests":{"cpu":"500m"}})");
}

TEST(JobSpecTest, NoValueIsTakenForAVariableOfKubernetes) {
  const json::value job = json::parse(job_json(spec()));
  const json::value& container = list_at(job, {"spec", "template", "spec", "containers"})->at(0);
  EXPECT_EQ(json::serialize(*value_at(container, {"args"})), R"(["echo","$$(HOME) $$$$ $$x"])");
  EXPECT_EQ(json::serialize(*value_at(container, {"env"})),
            R"j([{"name":"PLAIN","value":"a $$(B)"},{"name":"TOKEN","valueFrom":)j"
            R"({"secretKeyRef":{"name":"dyna-x","key":"TOKEN"}}}])");
}

TEST(JobSpecTest, ASecretStandsInTheSecretAlone) {
  EXPECT_EQ(job_json(spec()).find("t0p"), std::string::npos);
  const std::string text = secret_json(spec(), "uid-1", {"t0p", "\xff"});
  const json::value secret = json::parse(text);
  EXPECT_EQ(text_at(secret, {"data", "TOKEN"}), base64("t0p $(C)"));
  EXPECT_EQ(value_at(secret, {"data", "PLAIN"}), nullptr);
  const json::value& owner = list_at(secret, {"metadata", "ownerReferences"})->at(0);
  EXPECT_EQ(text_at(owner, {"kind"}) + " " + text_at(owner, {"uid"}), "Job uid-1");
  EXPECT_EQ(masks_of(text), (std::vector<std::string>{"t0p", "\xff"}));
  EXPECT_EQ(masks_of(R"({"data":{"A":"eA=="}})"), std::vector<std::string>{"x"});
  EXPECT_TRUE(masks_of("no JSON").empty());
}

TEST(JobSpecTest, AReleaseIsOfThisJobAlone) {
  EXPECT_EQ(release_json("u"), R"({"metadata":{"uid":"u"},"spec":{"suspend":false}})");
}

TEST(JobSpecTest, ANameIsOneThatPodsCanBeCalledAfter) {
  const std::string long_path(500, 'x');
  for (const std::string& text : {std::string("r/Load[3]/cl_ean/1"), std::string(), long_path}) {
    const std::string name = job_name("dyna-", text);
    EXPECT_LE(name.size(), 52U);
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos)
        << name;
  }
  EXPECT_EQ(job_name("dyna-", "r/Load[3]/1").substr(0, 15), "dyna-r-load-3-1");
  EXPECT_NE(job_name("dyna-", "a/b"), job_name("dyna-", "a-b"));
}

}  // namespace
}  // namespace cordyna::kubernetes
