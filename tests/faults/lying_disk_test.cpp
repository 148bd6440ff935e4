// R51: a disk that says a sync is done and keeps nothing, and one that gives back other bytes than
// were written. What was confirmed may be gone then. But the next owner either finds a state that
// is whole, and goes on, or refuses it, saying what is damaged and what to do.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>

#include "base/test_draws.hpp"
#include "faults/fault_vfs.hpp"
#include "faults/orders.hpp"

namespace cordyna::faults {
namespace {

/// What became of damaged states.
struct Count {
  int opened = 0;
  int refused = 0;
};

/// The next owner on a disk that is honest again. Twice: what is refused is refused again.
void take_over(Orders& orders, FaultVfs& disk, std::size_t wanted, Count& count) {
  orders.restart_machine();
  orders.forget();
  const Result<> lived = orders.live(disk);
  if (lived.has_value()) {
    ++count.opened;
    EXPECT_EQ(orders.confirmed(), wanted);
    EXPECT_EQ(text(orders.flaws()), "");
    return;
  }
  ++count.refused;
  EXPECT_EQ(lived.error().code, ErrorCode::kCorrupt) << lived.error().message;
  EXPECT_NE(lived.error().message.find("backup"), std::string::npos) << lived.error().message;
  EXPECT_EQ(orders.confirmed(), 0u) << "it began before it refused: " << lived.error().message;
  const Result<> again = orders.live(disk);
  EXPECT_FALSE(again.has_value()) << "it was refused before: " << lived.error().message;
}

struct LyingCase {
  const char* name;
  std::uint64_t percent;  ///< of the syncs lie
  Loss loss;
};

class LyingDiskTest : public testing::TestWithParam<LyingCase> {
 protected:
  /// The power goes at one of so many operations, or when the last owner has ended well.
  void lose(std::uint64_t seed, OrderSettings settings, std::uint64_t operations) {
    std::mt19937_64 draw(seed);
    FaultVfs disk;
    Orders orders({.orders = 2, .output_bytes = settings.output_bytes});
    ASSERT_TRUE(orders.live(disk).has_value());
    disk.lie(GetParam().percent, seed);
    // A good end copies the log into the file, and says so: the power may go after that, too.
    for (int lives = 1 + static_cast<int>(draw() % 2); lives > 0; --lives) {
      settings.orders += 1;
      orders.want(settings.orders);
      disk.arm(Fault::kPowerLoss, lives > 1 ? std::uint64_t{1} << 40 : 1 + draw() % operations);
      (void)orders.live(disk);
    }
    if (!disk.power_is_off()) disk.cut_power();
    disk.restore_power(seed, GetParam().loss);
    take_over(orders, disk, settings.orders, count_);
  }
  Count count_;
};

TEST_P(LyingDiskTest, LeavesAStateThatIsWholeOrRefused) {
  const std::uint64_t seeds = test::draws(12, 400);
  for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    lose(seed, {}, 120);
  }
  std::printf("%s: %d opened, %d refused\n", GetParam().name, count_.opened, count_.refused);
  EXPECT_GT(count_.opened, 0);
}

/// More than the log holds: it is copied into the file and begun anew meanwhile.
TEST_P(LyingDiskTest, LeavesALargeStateThatIsWholeOrRefused) {
  const std::uint64_t seeds = test::draws(1, 10);
  for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    lose(seed, {.orders = 7, .output_bytes = std::size_t{3} << 20}, 12'000);
  }
  std::printf("%s: %d opened, %d refused\n", GetParam().name, count_.opened, count_.refused);
}

INSTANTIATE_TEST_SUITE_P(All, LyingDiskTest,
                         testing::Values(LyingCase{"all_any", 100, Loss::kAny},
                                         LyingCase{"all_little", 100, Loss::kLittle},
                                         LyingCase{"all_in_order", 100, Loss::kInOrder},
                                         LyingCase{"some_any", 30, Loss::kAny},
                                         LyingCase{"some_little", 30, Loss::kLittle}),
                         [](const auto& row) { return std::string(row.param.name); });

/// One bit of the file is another after the machine was started anew.
TEST(FlippedBitTest, AtRestIsFoundOrHarmsNothing) {
  Count count;
  const std::uint64_t seeds = test::draws(40, 800);
  for (std::uint64_t seed = 1; seed <= seeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    FaultVfs disk;
    Orders orders;
    ASSERT_TRUE(orders.live(disk).has_value());
    std::fstream file(orders.database(), std::ios::binary | std::ios::in | std::ios::out);
    std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    std::mt19937_64 draw(seed);
    const std::uint64_t bit = draw() % (content.size() * 8);
    content[bit / 8] = static_cast<char>(content[bit / 8] ^ (1 << (bit % 8)));
    file.seekp(0);
    file << content;
    file.close();
    orders.restart_machine();
    const Result<> lived = orders.live(disk);
    if (!lived.has_value()) {
      ++count.refused;
      EXPECT_EQ(lived.error().code, ErrorCode::kCorrupt) << lived.error().message;
      continue;
    }
    ++count.opened;
  }
  std::printf("%d opened, %d refused\n", count.opened, count.refused);
  EXPECT_GT(count.refused, 0);
}

/// A read gives one bit wrong, each read in turn: an owner may stop for it, with an error.
TEST(FlippedBitTest, OfAReadEndsAnOwnerAtMost) {
  Count count;
  const std::uint64_t lives = test::draws(1, 20);
  for (std::uint64_t at = 1;; ++at) {
    bool hit = false;
    for (std::uint64_t seed = 1; seed <= lives && !testing::Test::HasFailure(); ++seed) {
      SCOPED_TRACE(fmt::format("read {}, seed {}", at, seed));
      FaultVfs disk;
      Orders orders({.orders = 2});
      ASSERT_TRUE(orders.live(disk).has_value());
      orders.want(4);
      disk.lie(0, seed * 1000 + at);
      disk.arm(Fault::kFlip, at);
      const Result<> lived = orders.live(disk);
      hit = disk.was_hit();
      disk.heal();
      ++(lived.has_value() ? count.opened : count.refused);
      if (lived.has_value()) continue;
      EXPECT_NE(lived.error().code, ErrorCode::kInternal) << lived.error().message;
    }
    if (!hit) break;
  }
  std::printf("%d lived, %d stopped\n", count.opened, count.refused);
  EXPECT_GT(count.refused, 0);
}

}  // namespace
}  // namespace cordyna::faults
