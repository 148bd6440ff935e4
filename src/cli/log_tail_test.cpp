#include "cli/log_tail.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

class LogTailTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/tail_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    layout_ = std::make_unique<StateLayout>(name);
    tail_ = std::make_unique<LogTail>(*layout_);
    fs::create_directories(layout_->attempt_folder(7, 2, 1));
  }
  void TearDown() override { fs::remove_all(layout_->folder()); }

  void append(const std::string& text, std::uint32_t attempt = 1) {
    std::ofstream(layout_->attempt_folder(7, 2, attempt) + "/log", std::ios::app) << text;
  }
  LogTail::Sink sink() {
    return [this](const OutputLine& line) {
      lines_.push_back(std::string(1, line.stream) + std::to_string(line.attempt) + " " +
                       std::string(line.text));
    };
  }
  void wait_and_read() {
    pollfd changed{tail_->fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&changed, 1, 10'000), 1);
    tail_->read_changed(sink());
  }

  std::unique_ptr<StateLayout> layout_;
  std::unique_ptr<LogTail> tail_;
  std::vector<std::string> lines_;
};

using Lines = std::vector<std::string>;

TEST_F(LogTailTest, ReadsWhatIsThereThenWhatComes) {
  append("o 1 first\n");
  tail_->start(7, "load", 2, 1);
  EXPECT_EQ(lines_, Lines{});
  tail_->watch(sink());
  EXPECT_EQ(lines_, Lines{"o1 first"});
  append("e 2 second\no 3 hal");
  wait_and_read();
  EXPECT_EQ(lines_, (Lines{"o1 first", "e1 second"}));
  append("f\n");
  wait_and_read();
  EXPECT_EQ(lines_.back(), "o1 half");
}

TEST_F(LogTailTest, WaitsForAFileThatIsNotThereYet) {
  tail_->start(7, "load", 2, 1);
  tail_->watch(sink());
  append("o 1 late\n");
  wait_and_read();
  EXPECT_EQ(lines_, Lines{"o1 late"});
}

TEST_F(LogTailTest, AnAttemptThatEndedIsReadWhollyAlsoWithoutAStart) {
  append("o 1 a\no 2 b\no 3 cut off");
  tail_->finish(7, "load", 2, 1, sink());
  EXPECT_EQ(lines_, (Lines{"o1 a", "o1 b", "o1 cut off"}));
}

TEST_F(LogTailTest, ANewAttemptBeginsWithItsOwnFile) {
  append("o 1 old\n");
  tail_->start(7, "load", 2, 1);
  tail_->watch(sink());
  fs::create_directories(layout_->attempt_folder(7, 2, 2));
  append("o 2 new\n", 2);
  tail_->start(7, "load", 2, 2);
  tail_->watch(sink());
  EXPECT_EQ(lines_, (Lines{"o1 old", "o2 new"}));
}

TEST_F(LogTailTest, WhatIsNoRecordIsPassedOver) {
  append("junk\n\no x y\no 5 fine\n");
  tail_->finish(7, "load", 2, 1, sink());
  EXPECT_EQ(lines_, Lines{"o1 fine"});
}

TEST_F(LogTailTest, DoesNotFollowASymbolicLink) {
  std::ofstream(layout_->folder() + "/secret") << "o 1 secret\n";
  fs::create_symlink(layout_->folder() + "/secret", layout_->attempt_folder(7, 2, 1) + "/log");
  tail_->finish(7, "load", 2, 1, sink());
  EXPECT_EQ(lines_, Lines{});
}

TEST_F(LogTailTest, MissingFoldersAreNoOutput) {
  tail_->start(9, "gone", 1, 1);
  tail_->watch(sink());
  tail_->finish(9, "gone", 1, 1, sink());
  EXPECT_EQ(lines_, Lines{});
}

}  // namespace
}  // namespace cordyna::cli
