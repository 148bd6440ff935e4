#include "process/local/cgroup.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "process/local/local_test_support.hpp"

namespace cordyna::local {
namespace {

namespace fs = std::filesystem;
using local_test::read_text;
using local_test::TestState;
using local_test::write_text;

/// Folders that look like a machine with control groups; nothing in them bounds anything.
class FakeGroups : public testing::Test {
 protected:
  FakeGroups() { fs::create_directories(root() + "/proc/self"); }
  [[nodiscard]] std::string root() const { return state_.path("root"); }
  [[nodiscard]] std::string in(const std::string& path) const { return root() + path; }

  void machine(const std::string& cgroup, const std::string& mountinfo) {
    write_text(in("/proc/self/cgroup"), cgroup);
    write_text(in("/proc/self/mountinfo"), mountinfo);
  }
  void group(const std::string& folder, const std::string& given = "") {
    fs::create_directories(in(folder));
    write_text(in(folder + "/cgroup.procs"), "");
    write_text(in(folder + "/cgroup.subtree_control"), given);
    write_text(in(folder + "/cgroup.controllers"), "");
  }
  [[nodiscard]] GroupPlaces find() const { return find_groups(root()); }

 private:
  TestState state_;
};

constexpr const char* kV1Mounts =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:4 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 /outer /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

TEST_F(FakeGroups, OfVersion1AreMadeInOurOwn) {
  machine("4:memory:/outer/job\n1:cpu,cpuacct:/\n0::/\n", kV1Mounts);
  group("/sys/fs/cgroup/memory/job");
  group("/sys/fs/cgroup/cpu,cpuacct");
  const GroupPlaces places = find();
  EXPECT_EQ(places.memory.version, GroupVersion::kV1);
  EXPECT_EQ(places.memory.folder, in("/sys/fs/cgroup/memory/job"));
  EXPECT_EQ(places.cpu.version, GroupVersion::kV1);
  EXPECT_EQ(places.cpu.folder, in("/sys/fs/cgroup/cpu,cpuacct"));
}

TEST_F(FakeGroups, OfVersion1ThatCannotBeSeenAreNone) {
  machine("4:memory:/\n1:cpu:/\n", "41 31 0:38 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n");
  const GroupPlaces places = find();
  EXPECT_EQ(places.memory.folder, "");
  EXPECT_NE(places.memory.why.find("memory is not mounted"), std::string::npos);
}

TEST_F(FakeGroups, OfVersion2AreMadeWhereControllersAreHandedOn) {
  machine("0::/user.slice/app.slice/run.scope\n",
          "30 23 0:26 / /sys/fs/cgr\\040oup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n");
  group("/sys/fs/cgr oup");
  group("/sys/fs/cgr oup/user.slice", "cpu memory pids");
  group("/sys/fs/cgr oup/user.slice/app.slice", "cpuset memory pids");
  group("/sys/fs/cgr oup/user.slice/app.slice/run.scope");
  const GroupPlaces places = find();
  EXPECT_EQ(places.memory.version, GroupVersion::kV2);
  EXPECT_EQ(places.memory.folder, in("/sys/fs/cgr oup/user.slice/app.slice"));
  // A process is in one group only: the cpu of the one above is out of reach.
  EXPECT_EQ(places.cpu.folder, "");
  EXPECT_NE(places.cpu.why, "");
}

TEST_F(FakeGroups, WithoutAnyThereIsAReason) {
  machine("0::/\n", "30 23 0:26 / / rw - ext4 /dev/root rw\n");
  EXPECT_NE(find().memory.why.find("no control groups are mounted"), std::string::npos);
  machine("", "");
  EXPECT_NE(find().cpu.why, "");
  machine("garbage\n::\n0\n", " - cgroup2\n - \n");
  EXPECT_EQ(find().memory.folder, "");
}

TEST_F(FakeGroups, WhatIsNoGroupBoundsNothingAndIsNotLeftBehind) {
  machine("4:memory:/\n", "35 31 0:32 / /memory rw - cgroup cgroup rw,memory\n");
  group("/memory");
  const GroupPlaces places = find();
  ASSERT_FALSE(places.memory.folder.empty());
  const AttemptGroup made = AttemptGroup::make(places, group_name({1, 1}, 1), {0, 1 << 20, 0, 0});
  EXPECT_FALSE(made.bounds_memory());
  EXPECT_NE(made.problem().find("cannot be joined"), std::string::npos) << made.problem();
  EXPECT_TRUE(made.joins().empty());
  for (const auto& entry : fs::directory_iterator(places.memory.folder)) {
    EXPECT_FALSE(entry.is_directory()) << entry.path();
  }
}

TEST_F(FakeGroups, OnlyThoseOfDeadGuardiansAreLeftovers) {
  machine("4:memory:/\n", "35 31 0:32 / /memory rw - cgroup cgroup rw,memory\n");
  group("/memory");
  const auto self = process_info(getpid());
  ASSERT_TRUE(self.has_value());
  ProcessId dead = self->id;
  ++dead.start;
  const std::string living = in("/memory/") + group_name(self->id, 1);
  const std::string left = in("/memory/") + group_name(dead, 1);
  const std::string other = in("/memory/cordyna-1-2-3-4");
  const std::string strange = in("/memory/cordyna-x");
  for (const std::string& folder : {living, left, other, strange}) fs::create_directory(folder);
  remove_left_groups(find());
  EXPECT_TRUE(fs::exists(living));
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(other)) << "of another PID namespace";
  EXPECT_TRUE(fs::exists(strange));
}

// For real, where this machine lets us.
TEST(RealGroups, AreRemovedWithAllThatLivesInThem) {
  const GroupPlaces places = find_groups();
  const auto self = process_info(getpid());
  ASSERT_TRUE(self.has_value());
  const std::string name = group_name(self->id, 77);
  AttemptGroup group = AttemptGroup::make(places, name, {500, 64 << 20, 0, 0});
  if (!group.bounds_memory()) GTEST_SKIP() << places.memory.why << group.problem();
  const pid_t child = fork();
  if (child == 0) {
    for (const Fd& join : group.joins()) {
      if (write(join.get(), "0", 1) != 1) _exit(1);
    }
    raise(SIGSTOP);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, WUNTRACED), child);
  ASSERT_TRUE(WIFSTOPPED(status));
  const std::string folder = places.memory.folder + "/" + name;
  EXPECT_EQ(read_text(folder + "/cgroup.procs"), std::to_string(child) + "\n");
  group.kill_all();
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(group.memory_kills(), 0U);
  group.remove();
  EXPECT_FALSE(fs::exists(folder));
}

}  // namespace
}  // namespace cordyna::local
