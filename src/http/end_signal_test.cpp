#include "http/end_signal.hpp"

#include <gtest/gtest.h>
#include <poll.h>

namespace cordyna::http {
namespace {

using std::chrono::milliseconds;

bool is_readable(const EndSignal& signal, int wait_ms) {
  pollfd one{signal.descriptor().value_or(-1), POLLIN, 0};
  return ::poll(&one, 1, wait_ms) == 1;
}

TEST(EndSignal, AStopMakesItReadableForGood) {
  std::stop_source stop;
  const EndSignal signal(stop.get_token(), milliseconds(0));
  EXPECT_FALSE(is_readable(signal, 0));
  stop.request_stop();
  EXPECT_TRUE(is_readable(signal, -1));
  EXPECT_TRUE(is_readable(signal, 0));
}

TEST(EndSignal, AStopThatCameBeforeCounts) {
  std::stop_source stop;
  stop.request_stop();
  const EndSignal signal(stop.get_token(), milliseconds(0));
  EXPECT_TRUE(is_readable(signal, -1));
}

TEST(EndSignal, ALimitMakesItReadableWithoutAStop) {
  const EndSignal signal({}, milliseconds(1));
  EXPECT_TRUE(is_readable(signal, -1));
}

TEST(EndSignal, AStopDoesNotWaitForTheLimit) {
  std::stop_source stop;
  const EndSignal signal(stop.get_token(), milliseconds::max());
  EXPECT_FALSE(is_readable(signal, 0));
  stop.request_stop();
  EXPECT_TRUE(is_readable(signal, -1));
}

}  // namespace
}  // namespace cordyna::http
