#include "input/webhook/desk.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cordyna::input {
namespace {

class DeskTest : public testing::Test {
 protected:
  WaitingCall call(std::size_t bytes = 1) {
    Event event{.location = "x", .data = std::string(bytes, '1')};
    return {std::move(event),
            [this](const server::HttpResponse& response) { answers_.push_back(response.status); }};
  }

  Desk desk_;
  std::stop_source stop_;
  std::vector<int> answers_;
};

TEST_F(DeskTest, WhoComesWhileItIsClosedIsToldSo) {
  desk_.lay(call());
  desk_.open();
  desk_.lay(call());
  EXPECT_EQ(answers_, std::vector{503});
  desk_.close();
  EXPECT_EQ(answers_, (std::vector{503, 503}));
  desk_.lay(call());
  EXPECT_EQ(answers_.size(), 3U);
}

TEST_F(DeskTest, CallsAreTakenInTheirOrderAndNotTooManyBytesAtOnce) {
  desk_.open();
  desk_.lay(call(10));
  desk_.lay(call(Desk::kTakeBytes));
  desk_.lay(call(20));
  EXPECT_EQ(desk_.take(stop_.get_token()).size(), 1U);
  const auto large = desk_.take(stop_.get_token());
  ASSERT_EQ(large.size(), 1U);
  EXPECT_EQ(large[0].event.data.size(), Desk::kTakeBytes);
  EXPECT_EQ(desk_.take(stop_.get_token()).size(), 1U);
  EXPECT_TRUE(answers_.empty());
}

TEST_F(DeskTest, ItIsFullOfCallsOrBytes) {
  desk_.open();
  for (std::size_t i = 0; i < Desk::kCallsMax; ++i) desk_.lay(call());
  EXPECT_TRUE(answers_.empty());
  desk_.lay(call());
  EXPECT_EQ(answers_, std::vector{503});
  EXPECT_EQ(desk_.take(stop_.get_token()).size(), Desk::kCallsMax);
  desk_.lay(call(Desk::kBytesMax + 1));  // alone it may be as large as it was let in
  desk_.lay(call());
  EXPECT_EQ(answers_, (std::vector{503, 503}));
}

TEST_F(DeskTest, TheStopEndsTheWait) {
  desk_.open();
  desk_.lay(call());
  stop_.request_stop();
  EXPECT_TRUE(desk_.take(stop_.get_token()).empty());
  desk_.close();
  EXPECT_EQ(answers_, std::vector{503});
}

}  // namespace
}  // namespace cordyna::input
