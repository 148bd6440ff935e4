#include "event_container/log_lines.hpp"

#include <gtest/gtest.h>

namespace cordyna::event_container {
namespace {

using docker::OutputStream;
using Lines = std::vector<std::string>;

TEST(LogLines, StreamsDoNotMixWithinALine) {
  LogLines logs(1000);
  logs.add(OutputStream::kOut, "on");
  logs.add(OutputStream::kError, "bad\n");
  logs.add(OutputStream::kOut, "e\n\ntwo");
  logs.add(OutputStream::kError, "worse");
  EXPECT_EQ(logs.take(), (Lines{"bad", "one", "", "two", "worse"}));
}

TEST(LogLines, TheLastOnesAreKept) {
  LogLines logs(10);
  logs.add(OutputStream::kOut, "one\ntwo\nthree\nfour\n");
  EXPECT_EQ(logs.take(), (Lines{"(3 lines before are left out)", "four"}));
}

TEST(LogLines, OfALineWithoutAnEndItsEndIsKept) {
  LogLines logs(4);
  for (int i = 0; i < 1000; ++i) logs.add(OutputStream::kOut, "abcdef");
  EXPECT_EQ(logs.take(), Lines{"cdef"});
}

TEST(LogLines, WithoutOutputThereAreNone) {
  EXPECT_TRUE(LogLines(4).take().empty());
}

}  // namespace
}  // namespace cordyna::event_container
