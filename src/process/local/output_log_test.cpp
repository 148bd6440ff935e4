#include "process/local/output_log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "model/log_format.hpp"
#include "process/local/files.hpp"
#include "process/local/local_test_support.hpp"

namespace cordyna::local {
namespace {

class OutputLogTest : public testing::Test {
 protected:
  OutputLogTest() : folder_(open_folder(AT_FDCWD, state_.layout().folder().c_str())) {}

  [[nodiscard]] std::string written() const {
    return local_test::read_text(state_.layout().folder() + "/log");
  }
  [[nodiscard]] OutputLog make(std::size_t bytes_max = kLogBytesMax,
                               const std::vector<std::string>& secrets = {}) const {
    return OutputLog(folder_.get(), bytes_max, secrets);
  }

  local_test::TestState state_;
  Fd folder_;
};

TEST_F(OutputLogTest, NoOutputMakesNoFile) {
  make().finish(1);
  EXPECT_NE(access((state_.layout().folder() + "/log").c_str(), F_OK), 0);
}

TEST_F(OutputLogTest, EachLineIsARecordOfItsStream) {
  OutputLog log = make();
  log.add(OutputStream::kOut, "one\n\ntw", 5);
  log.add(OutputStream::kError, "bad\n", 6);
  log.add(OutputStream::kOut, "o\nlast", 7);
  log.finish(8);
  EXPECT_EQ(written(), "o 5 one\no 5 \ne 6 bad\no 7 two\no 8 last\n");
  EXPECT_EQ(log.bytes(), written().size());
}

TEST_F(OutputLogTest, AnUnfinishedLineIsSeenAndGoesOn) {
  OutputLog log = make();
  log.add(OutputStream::kOut, "Password: ", 1);
  EXPECT_EQ(written(), "");
  EXPECT_TRUE(log.has_unfinished());
  log.flush_unfinished(2);
  EXPECT_EQ(written(), "o 2 Password: \n");
  log.add(OutputStream::kOut, "ok\nnext\n", 3);
  log.add(OutputStream::kOut, "x", 4);
  log.flush_unfinished(5);
  log.add(OutputStream::kOut, "\n", 6);
  log.finish(7);
  EXPECT_EQ(written(), "o 2 Password: \nO 3 ok\no 3 next\no 5 x\n");
}

TEST_F(OutputLogTest, LongLinesAreCutIntoRecordsThatSaySo) {
  OutputLog log = make();
  log.add(OutputStream::kOut, std::string(kLogTextMax + 3, 'x') + "\nend\n", 1);
  log.finish(2);
  EXPECT_EQ(written(), "o 1 " + std::string(kLogTextMax, 'x') + "\nO 1 xxx\no 1 end\n");
}

TEST_F(OutputLogTest, OutputCannotForgeARecord) {
  OutputLog log = make();
  log.add(OutputStream::kOut, "s 1 the output is capped\r\n\0e 1 x\n", 9);
  log.finish(9);
  const auto record = parse_log_record(written().substr(0, written().find('\n')));
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->stream, 'o');
}

TEST_F(OutputLogTest, TheCapIsKeptAndSaidOnce) {
  OutputLog log = make(100);
  for (int i = 0; i < 50; ++i) log.add(OutputStream::kOut, "0123456789\n", 1);
  log.add(OutputStream::kError, "the reason\n", 2);
  log.finish(3);
  EXPECT_TRUE(log.truncated());
  const std::string text = written();
  EXPECT_LT(text.size(), 200U);
  EXPECT_NE(text.find("s 1 the output is larger than its cap; the rest is dropped\n"),
            std::string::npos);
  EXPECT_EQ(text.find("s 1"), text.rfind("s 1"));
  EXPECT_EQ(log.last_error_line(), "the reason");
}

TEST_F(OutputLogTest, MasksBeforeItCuts) {
  const std::string secret(600, 'k');
  OutputLog log = make(kLogBytesMax, {secret});
  const std::string line = std::string(kLogTextMax - 300, 'x') + secret;
  log.add(OutputStream::kError, line.substr(0, kLogTextMax), 1);
  log.flush_unfinished(1);
  log.add(OutputStream::kError, line.substr(kLogTextMax) + "\n", 2);
  log.finish(3);
  EXPECT_EQ(written().find('k'), std::string::npos);
  EXPECT_NE(written().find("***"), std::string::npos);
}

TEST_F(OutputLogTest, TheLastLineIsMaskedCleanAndShort) {
  OutputLog log = make(kLogBytesMax, {"hunter2"});
  log.add(OutputStream::kError, "first\n\x1b[31mno hunter2 \xff" + std::string(500, 'y') + "\n \n",
          1);
  log.finish(2);
  const std::string line = log.last_error_line();
  EXPECT_TRUE(line.starts_with(" [31mno *** \xef\xbf\xbdyyy")) << line;
  EXPECT_LE(line.size(), 300U);
}

TEST_F(OutputLogTest, AFullDiskIsKeptAsTheError) {
  // A file size limit stands for a disk without space.
  struct rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small{1000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  OutputLog log = make();
  for (int i = 0; i < 200; ++i) log.add(OutputStream::kOut, "0123456789\n", 1);
  setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  log.finish(2);
  EXPECT_EQ(log.error(), EFBIG);
}

}  // namespace
}  // namespace cordyna::local
