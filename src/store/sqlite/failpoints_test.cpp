#include <csignal>

#include "store/sqlite/test_state.hpp"

namespace cordyna {
namespace {

class Failpoints : public TestState {
 protected:
  // Three commits in a child with that point set; the wait status.
  int commit_three(const char* point) {
    return in_child([&] {
      ::setenv("DYNA_FAILPOINT", point, 1);
      ::setenv("DYNA_FAILPOINT_COUNT", count_file().c_str(), 1);
      auto owner = open_sqlite_store(layout());
      if (!owner.has_value()) return 1;
      for (RunNo no = 1; no <= 3; ++no) {
        if (!(*owner)->commit(new_run(no)).has_value()) return 2;
      }
      owner->reset();
      return 0;
    });
  }

  [[nodiscard]] std::string count_file() const { return parent() + "/count"; }

  RunNo saved_runs() {
    open();
    return store().last_run_no().value();
  }
};

#ifdef CORDYNA_FAILPOINTS

TEST_F(Failpoints, KillsBeforeTheCommitSoThatItIsLost) {
  const int status = commit_three("before_commit:2");
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(saved_runs(), 1);
}

TEST_F(Failpoints, KillsAfterTheCommitSoThatItIsKept) {
  const int status = commit_three("after_commit:2");
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(saved_runs(), 2);
}

TEST_F(Failpoints, CountsTheCommitsOfAWholeLife) {
  EXPECT_EQ(commit_three("before_commit:4"), 0);
  EXPECT_EQ(read_file(count_file()), "3\n");
}

TEST_F(Failpoints, RefusesWhatIsNoPoint) {
  for (const char* point : {"before_commit:0", "before_commit:", "after_commit:1x", "sometime:1"}) {
    EXPECT_TRUE(WIFSIGNALED(commit_three(point))) << point;
  }
}

#else

TEST_F(Failpoints, AreNotInThisBuild) {
  EXPECT_EQ(commit_three("before_commit:1"), 0);
  EXPECT_EQ(saved_runs(), 3);
  EXPECT_FALSE(std::filesystem::exists(count_file()));
}

#endif

}  // namespace
}  // namespace cordyna
