// R8: the power goes before each operation in turn. Of what was not synchronized any part may be on
// the disk, in any order, torn; what was confirmed is there all the same.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include "base/test_draws.hpp"
#include "faults/fault_vfs.hpp"
#include "faults/orders.hpp"

namespace cordyna::faults {
namespace {

/// One owner that ends well leaves something to lose. Then the power goes at the `at`-th operation
/// of the next, once, or again while the third takes it up. False: there was no such operation.
bool lose_power(std::uint64_t seed, std::uint64_t at, bool twice, OrderSettings settings) {
  FaultVfs disk;
  Orders orders({.orders = 1, .output_bytes = settings.output_bytes});
  EXPECT_TRUE(orders.live(disk).has_value());
  orders.want(settings.orders);
  for (int losses = 0; losses < (twice ? 2 : 1); ++losses) {
    disk.arm(Fault::kPowerLoss, losses == 0 ? at : 1 + seed % 7);
    (void)orders.live(disk);  // whatever it believes
    if (losses == 0 && !disk.power_is_off()) return false;
    disk.restore_power(seed + static_cast<std::uint64_t>(losses));
    const std::vector<std::string> flaws = orders.flaws();
    EXPECT_EQ(text(flaws), "") << "seed " << seed << ", operation " << at;
  }
  const Result<> again = orders.live(disk);
  EXPECT_TRUE(again.has_value()) << "seed " << seed << ", operation " << at << ": "
                                 << again.error().message;
  EXPECT_EQ(orders.confirmed(), settings.orders);
  EXPECT_EQ(text(orders.flaws()), "") << "seed " << seed << ", operation " << at;
  return true;
}

TEST(PowerLossTest, BeforeEachOperationOfALife) {
  std::uint64_t at = 1;
  for (std::uint64_t n = 1; lose_power(1000 + at, at, n % 3 == 0, {}) && !HasFailure(); ++n) {
    at = next_operation(at);
  }
  std::printf("%llu operations\n", static_cast<unsigned long long>(at - 1));
  EXPECT_GT(at, 60u) << "too few operations to prove anything";
}

/// More than the log holds before it is copied into the database, and begun anew.
TEST(PowerLossTest, WhileTheLogIsCopiedIntoTheDatabase) {
  const OrderSettings large{.orders = 9, .output_bytes = std::size_t{3} << 20};
  FaultVfs disk;
  std::uint64_t operations = 0;
  {
    Orders orders(large);
    disk.arm(Fault::kPowerLoss, std::uint64_t{1} << 40);
    ASSERT_TRUE(orders.live(disk).has_value());
    operations = disk.count();
  }
  ASSERT_GT(operations, 10'000u) << "the log was never copied";
  const std::uint64_t losses = test::draws(2, 60);
  std::mt19937_64 draw(8);
  // How many operations there are depends on what a commit holds, and so on how fast the disk was.
  const std::uint64_t sure = operations / 2;
  for (std::uint64_t i = 0; i < losses && !testing::Test::HasFailure(); ++i) {
    EXPECT_TRUE(lose_power(i, 1 + draw() % sure, false, large));
  }
}

}  // namespace
}  // namespace cordyna::faults
