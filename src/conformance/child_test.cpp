#include "conformance/child.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

namespace cordyna::conformance {
namespace {

constexpr Millis kPatience = 20'000;

class ChildTest : public testing::Test {
 protected:
  ChildTest() : log_(testing::TempDir() + "child_test_log") { std::remove(log_.c_str()); }
  ~ChildTest() override { std::remove(log_.c_str()); }

  [[nodiscard]] std::string printed() const {
    std::ifstream file(log_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void await_word(const std::string& word) {
    // It says so when it is ready for a signal; a test that waits for ever is ended from outside.
    while (printed().find(word) == std::string::npos) static_cast<void>(child_.wait(10));
  }

  std::string log_;
  Child child_;
};

TEST_F(ChildTest, ItsExitCodeAndBothOfItsOutputsAreKept) {
  ASSERT_TRUE(child_.start("echo $NAME; echo err >&2; exit 3", {{"NAME", "value"}}, log_));
  EXPECT_EQ(child_.wait(kPatience), 3);
  EXPECT_EQ(printed(), "value\nerr\n");
  EXPECT_EQ(child_.wait(0), -1);
}

TEST_F(ChildTest, ASignalReachesTheProgramAndTheShellTellsItsExitCode) {
  ASSERT_TRUE(child_.start(
      "true && sh -c 'trap \"exit 5\" TERM; echo ready; while :; do sleep 0.01; done'", {}, log_));
  await_word("ready");
  EXPECT_EQ(child_.wait(0), std::nullopt);
  child_.signal(SIGTERM);
  EXPECT_EQ(child_.wait(kPatience), 5);
}

TEST_F(ChildTest, AKillEndsAllOfTheGroup) {
  ASSERT_TRUE(child_.start("sleep 600 & echo $!; wait", {}, log_));
  await_word("\n");
  const pid_t grandchild = std::stoi(printed());
  EXPECT_EQ(::kill(grandchild, 0), 0);
  child_.kill();
  // The signal may still be on its way, and whoever adopts it may not have taken its end yet: then
  // it is a zombie.
  const auto is_gone = [&] {
    std::ifstream stat("/proc/" + std::to_string(grandchild) + "/stat");
    std::string line;
    std::getline(stat, line);
    return line.empty() || line.find(") Z ") != std::string::npos ||
           line.find(") X ") != std::string::npos;
  };
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!is_gone() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_TRUE(is_gone());
}

}  // namespace
}  // namespace cordyna::conformance
