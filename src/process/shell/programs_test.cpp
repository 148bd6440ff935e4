#include "process/shell/programs.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

namespace cordyna::script {
namespace {

namespace fs = std::filesystem;

class ProgramsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/dyna-programs-XXXXXX";
    folder_ = std::string(mkdtemp(pattern.data())) + "/programs";
  }
  void TearDown() override { fs::remove_all(fs::path(folder_).parent_path()); }

  [[nodiscard]] Programs programs() {
    return Programs(folder_, [this] { ++waits_; });
  }
  /// A program of one file.
  MakeProgram maker() {
    return [this](const std::string& folder, int) -> Result<> {
      ++made_;
      std::ofstream(folder + "/program") << "made";
      return {};
    };
  }
  void make_old(const std::string& name) const {
    const timespec times[2] = {{0, 0}, {0, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, (folder_ + "/" + name).c_str(), times, 0), 0);
  }

  std::string folder_;
  std::atomic<int> made_ = 0;
  std::atomic<int> waits_ = 0;
};

TEST_F(ProgramsTest, OneIsMadeOnce) {
  Programs here = programs();
  for (int i = 0; i < 2; ++i) {
    const auto held = here.take("k", maker());
    ASSERT_TRUE(held.has_value()) << held.error().message;
    EXPECT_EQ(held->folder, folder_ + "/k");
    EXPECT_TRUE(fs::exists(held->folder + "/program"));
    close(held->lock);
  }
  EXPECT_EQ(made_, 1);
  EXPECT_EQ(waits_, 0);
}

TEST_F(ProgramsTest, WhatCannotBeMadeLeavesNothing) {
  Programs here = programs();
  const auto held = here.take("k", [](const std::string& folder, int) -> Result<> {
    std::ofstream(folder + "/half") << "x";
    return fail(ErrorCode::kInvalidArgument, "it is wrong");
  });
  ASSERT_FALSE(held.has_value());
  EXPECT_EQ(held.error().message, "it is wrong");
  EXPECT_FALSE(fs::exists(folder_ + "/k"));
  EXPECT_FALSE(fs::exists(folder_ + "/k.new"));
  const auto again = here.take("k", maker());
  ASSERT_TRUE(again.has_value());
  close(again->lock);
}

TEST_F(ProgramsTest, AMakingThatWasCutShortIsMadeAnew) {
  fs::create_directories(folder_ + "/k.new/deep");
  std::ofstream(folder_ + "/k.new/program") << "half";
  Programs here = programs();
  const auto held = here.take("k", maker());
  ASSERT_TRUE(held.has_value()) << held.error().message;
  EXPECT_FALSE(fs::exists(held->folder + "/deep"));
  EXPECT_FALSE(fs::exists(folder_ + "/k.new"));
  close(held->lock);
}

TEST_F(ProgramsTest, OfTwoAtOnceOneMakesItAndOneWaits) {
  std::promise<void> begun;
  std::promise<void> other_waits;
  std::thread first([&] {
    Programs here(folder_, [] {});
    const auto held = here.take("k", [&](const std::string& folder, int lock) {
      begun.set_value();
      other_waits.get_future().wait();
      return maker()(folder, lock);
    });
    ASSERT_TRUE(held.has_value());
    close(held->lock);
  });
  begun.get_future().wait();
  bool told = false;
  Programs there(folder_, [&] {
    if (!told) other_waits.set_value();
    told = true;
  });
  const auto held = there.take("k", maker());
  first.join();
  ASSERT_TRUE(held.has_value());
  EXPECT_TRUE(told);
  EXPECT_EQ(made_, 1);
  close(held->lock);
}

TEST_F(ProgramsTest, WhatNobodyUsedForLongGoes) {
  Programs here = programs();
  for (const char* key : {"old", "used", "fresh"}) {
    const auto held = here.take(key, maker());
    ASSERT_TRUE(held.has_value());
    close(held->lock);
  }
  const auto used = here.take("used", maker());
  ASSERT_TRUE(used.has_value());
  make_old("old.lock");
  make_old("used.lock");
  std::ofstream(folder_ + "/left.lock") << "";
  fs::create_directory(folder_ + "/left.new");
  make_old("left.lock");
  here.remove_unused(Millis{100} * 365 * 86'400'000 / 2);
  EXPECT_FALSE(fs::exists(folder_ + "/old"));
  EXPECT_FALSE(fs::exists(folder_ + "/old.lock"));
  EXPECT_FALSE(fs::exists(folder_ + "/left.new"));
  EXPECT_FALSE(fs::exists(folder_ + "/left.lock"));
  EXPECT_TRUE(fs::exists(folder_ + "/used/program"));
  EXPECT_TRUE(fs::exists(folder_ + "/fresh/program"));
  close(used->lock);
}

TEST_F(ProgramsTest, APlaceThatCannotBeIsSaid) {
  std::ofstream(folder_) << "a file";
  Programs here = programs();
  const auto held = here.take("k", maker());
  ASSERT_FALSE(held.has_value());
  EXPECT_EQ(held.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(held.error().message.find("Not a directory"), std::string::npos);
}

}  // namespace
}  // namespace cordyna::script
