#include "process/container/container_task.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace cordyna::container {
namespace {

namespace fs = std::filesystem;

TEST(ContainerTask, EveryKeyIsRead) {
  const std::string here = fs::canonical(fs::temp_directory_path()).string();
  const auto task = parse_task(R"({"image":"app:1","command":["run",7,true,"a b"],
      "entrypoint":["/init"],"pull":"always","working_dir":"/w","user":"1000","network":"none",
      "tty":true,"init":true,"read_only":true,"container_labels":{"team":"data"},
      "mounts":[{"source":".","target":"/in"},
                {"source":"cache","target":"/c","read_only":false}]})",
                               here);
  ASSERT_TRUE(task.has_value()) << task.error().message;
  EXPECT_EQ(task->pull, docker::Pull::kAlways);
  EXPECT_EQ(task->spec.image, "app:1");
  EXPECT_EQ(task->spec.command, (std::vector<std::string>{"run", "7", "true", "a b"}));
  EXPECT_EQ(task->spec.entrypoint, std::vector<std::string>{"/init"});
  EXPECT_EQ(task->spec.working_dir, "/w");
  EXPECT_EQ(task->spec.user, "1000");
  EXPECT_EQ(task->spec.network, "none");
  EXPECT_TRUE(task->spec.tty && task->spec.init && task->spec.read_only);
  EXPECT_EQ(task->spec.labels.at("team"), "data");
  ASSERT_EQ(task->spec.mounts.size(), 2U);
  EXPECT_EQ(task->spec.mounts[0].source, here);
  EXPECT_TRUE(task->spec.mounts[0].read_only);
  EXPECT_TRUE(task->spec.mounts[1].is_volume);
  EXPECT_FALSE(task->spec.mounts[1].read_only);
}

TEST(ContainerTask, WithoutMoreItHasANetworkOfItsOwnAndSeesNothing) {
  const auto task = parse_task(R"({"image":"app"})", "/tmp");
  ASSERT_TRUE(task.has_value());
  EXPECT_EQ(task->spec.network, "bridge");
  EXPECT_TRUE(task->spec.mounts.empty());
  EXPECT_EQ(task->pull, docker::Pull::kMissing);
}

TEST(ContainerTask, WhatIsWrongIsNamedWithItsKey) {
  struct Case {
    std::string_view params, message;
  };
  for (const Case& one : {
           Case{R"({"image":""})", "image: it is empty; write the image to run, as alpine:3.20"},
           Case{R"({})", "image: it is empty; write the image to run, as alpine:3.20"},
           Case{R"({"image":"a b"})", "image: 'a b' is no name of an image: it holds a blank"},
           Case{R"({"image":["a"]})", "image: a text is wanted here"},
           Case{R"({"image":"a","pull":"often"})",
                "pull: 'often' is none of missing, always, never"},
           Case{R"({"image":"a","command":["x",{}]})", "command.1: a text is wanted here"},
           Case{R"({"image":"a","command":["x\u0000y"]})", "command.0: it holds a NUL byte"},
           Case{R"({"image":"a","tty":"yes"})", "tty: true or false is wanted here"},
           Case{R"({"image":"a","mounts":[{"source":"/tmp","target":"data"}]})",
                "mounts.0: target is 'data'; it is an absolute path within the container, as "
                "/data"},
           Case{R"({"image":"a","mounts":[{"source":"/nowhere","target":"/data"}]})",
                "mounts.0: source /nowhere: No such file or directory"},
           Case{R"({"image":"a","container_labels":{"io.cordyna.attempt":"x"}})",
                "container_labels: 'io.cordyna.attempt': names with io.cordyna. are ours"},
       }) {
    const auto task = parse_task(one.params, "/tmp");
    ASSERT_FALSE(task.has_value()) << one.params;
    EXPECT_EQ(task.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(task.error().message, one.message);
  }
}

}  // namespace
}  // namespace cordyna::container
