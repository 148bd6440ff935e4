#include "event_container/context.hpp"

#include <gtest/gtest.h>

#include "cordyna/errors.hpp"

namespace cordyna::event_container {
namespace {

ProcessConfig config(std::map<std::string, std::string> context) {
  context.emplace("image", "tiny:1");
  return {"report", "container", std::move(context)};
}

TEST(ContainerContext, EveryKeyIsRead) {
  const auto options = options_of(config({{"auth", R"({"username":"me","password":"t"})"},
                                          {"command", R"(["sh","-c","echo a b"])"},
                                          {"cpus", "1.5"},
                                          {"docker_host", "unix:///d.sock"},
                                          {"entrypoint", "/init"},
                                          {"env", R"({"A":"1,2","B":"old"})"},
                                          {"env.B", "new"},
                                          {"init", "true"},
                                          {"labels", R"({"team":"data"})"},
                                          {"memory", "512MB"},
                                          {"mounts", R"([{"source":"/data","target":"/in"},
                                            {"source":"c","target":"/c","read_only":false}])"},
                                          {"network", "none"},
                                          {"pull", "always"},
                                          {"read_only", "true"},
                                          {"scope", "blue"},
                                          {"stop_wait", "1500ms"},
                                          {"timeout", "2m"},
                                          {"user", "1000:1000"},
                                          {"working_dir", "/w"}}));
  ASSERT_TRUE(options.has_value()) << options.error().message;
  EXPECT_EQ(options->image, "tiny:1");
  EXPECT_EQ(options->registry_user, "me");
  EXPECT_EQ(options->registry_password, "t");
  EXPECT_EQ(options->command, (std::vector<std::string>{"sh", "-c", "echo a b"}));
  EXPECT_EQ(options->cpus, 1.5);
  EXPECT_EQ(options->docker_host, "unix:///d.sock");
  EXPECT_EQ(options->entrypoint, std::vector<std::string>{"/init"});
  EXPECT_EQ(options->env, (std::map<std::string, std::string>{{"A", "1,2"}, {"B", "new"}}));
  EXPECT_TRUE(options->init && options->read_only);
  EXPECT_EQ(options->labels, (std::map<std::string, std::string>{{"team", "data"}}));
  EXPECT_EQ(options->memory_bytes, 512'000'000U);
  ASSERT_EQ(options->mounts.size(), 2U);
  EXPECT_EQ(options->mounts[0].source, "/data");
  EXPECT_EQ(options->mounts[0].target, "/in");
  EXPECT_TRUE(options->mounts[0].read_only);
  EXPECT_FALSE(options->mounts[1].read_only);
  EXPECT_EQ(options->network, "none");
  EXPECT_EQ(options->pull, ImagePull::kAlways);
  EXPECT_EQ(options->scope, "blue");
  EXPECT_EQ(options->stop_wait, std::chrono::seconds(2));
  EXPECT_EQ(options->timeout, std::chrono::minutes(2));
  EXPECT_EQ(options->user, "1000:1000");
  EXPECT_EQ(options->working_dir, "/w");
}

TEST(ContainerContext, WithoutAnImageItsErrorSaysSo) {
  for (const ProcessConfig& one :
       {ProcessConfig{"p", "container", {}}, ProcessConfig{"p", "container", {{"image", ""}}}}) {
    const auto made = make_container_process(one);
    ASSERT_FALSE(made.has_value());
    const auto* missing = detail_of<ContainerImageMissing>(made.error());
    ASSERT_NE(missing, nullptr) << made.error().message;
    EXPECT_EQ(missing->process, "p");
  }
}

TEST(ContainerContext, ARegistryMakesIt) {
  ProcessRegistry registry;
  ASSERT_TRUE(registry.add("container", make_container_process).has_value());
  const auto made = registry.make(config({}));
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ((*made)->id(), "report");
}

TEST(ContainerContext, WhatIsWrongIsNamedWithItsKey) {
  struct Case {
    std::string key, value, message;
  };
  for (
      const Case& one : {
          Case{"volume", "x",
               "it is no key of a container's execution context; there are: auth, command, cpus, "
               "docker_host, entrypoint, env, image, init, labels, memory, mounts, network, pull, "
               "read_only, scope, stop_wait, timeout, user, working_dir, env.NAME"},
          Case{"env", "A=1,B=2",
               R"('A=1,B=2' is no JSON object of texts: {"NAME":"value"} is one)"},
          Case{"env", R"({"A":1})",
               R"('{"A":1}' is no JSON object of texts: {"NAME":"value"} is one)"},
          Case{"command", "echo hi",
               R"('echo hi' holds a blank; a JSON list of words is wanted, as )"
               R"(["sh","-c","echo hi"])"},
          Case{"command", "[1]",
               R"('[1]': a JSON list of words is wanted, as ["sh","-c","echo hi"])"},
          Case{"pull", "true", "'true' is none of missing, always, never"},
          Case{"init", "yes", "'yes' is neither true nor false"},
          Case{"cpus", "two", "'two' is no number of processors: 0.5 and 2 are"},
          Case{"memory", "512",
               "'512' is not a size: its unit is one of B, KB, MB, GB, TB, KiB, MiB, GiB, TiB"},
          Case{
              "mounts", "/data:/in",
              R"('/data:/in' is no JSON list of mounts: [{"source":"/data","target":"/in"}] is one)"},
          Case{"mounts", R"([{"source":"/a","to":"/b"}])",
               R"('to': want {"source":"/data","target":"/in","read_only":true} in the list)"},
          Case{"auth", R"({"password":"hunter2"})",
               R"(a JSON object as {"username":"me","password":"…"} is wanted)"},
      }) {
    const auto options = options_of(config({{one.key, one.value}}));
    ASSERT_FALSE(options.has_value()) << one.key;
    EXPECT_EQ(options.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(options.error().message, "process 'report': " + one.key + ": " + one.message);
  }
}

}  // namespace
}  // namespace cordyna::event_container
