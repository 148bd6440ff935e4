// R7, R9: the disk fails at each operation in turn. Nothing that was confirmed is lost, a full disk
// is waited out, and after any other error the next owner goes on.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "faults/fault_vfs.hpp"
#include "faults/orders.hpp"

namespace cordyna::faults {
namespace {

struct FaultCase {
  const char* name;
  Fault fault;
  bool lasting;
  bool stops;  ///< whether an owner may stop for it; a full disk is waited out
};

class IoFaultTest : public testing::TestWithParam<FaultCase> {};

/// A first owner without faults, so that there is something to lose; then one with the fault.
TEST_P(IoFaultTest, AtEachOperationNothingConfirmedIsLost) {
  const FaultCase& param = GetParam();
  std::uint64_t hits = 0;
  std::uint64_t stopped = 0;
  std::size_t waited = 0;
  for (std::uint64_t at = 1;; at = next_operation(at)) {
    FaultVfs disk;
    Orders orders;
    disk.arm(param.fault, at, param.lasting);
    const Result<> lived = orders.live(disk);
    const bool hit = disk.was_hit();
    disk.heal();
    ASSERT_EQ(text(orders.confirmed() > 0 ? orders.flaws() : std::vector<std::string>()), "")
        << param.name << " at " << at;
    if (!lived.has_value()) {
      ++stopped;
      EXPECT_FALSE(lived.error().message.empty());
      ASSERT_NE(lived.error().code, ErrorCode::kCorrupt) << lived.error().message << " at " << at;
      ASSERT_NE(lived.error().code, ErrorCode::kInternal) << lived.error().message << " at " << at;
    }
    const Result<> again = orders.live(disk);
    ASSERT_TRUE(again.has_value()) << param.name << " at " << at << ": " << again.error().message;
    ASSERT_EQ(orders.confirmed(), 3u);
    ASSERT_EQ(text(orders.flaws()), "") << param.name << " at " << at;
    waited += orders.waits();
    if (!hit) break;
    ++hits;
  }
  std::printf("%s: faults at %llu operations, %llu owners stopped, %zu waits\n", param.name,
              static_cast<unsigned long long>(hits), static_cast<unsigned long long>(stopped),
              waited);
  EXPECT_GT(hits, 20u) << "too few operations to prove anything";
  if (param.stops) {
    EXPECT_GT(stopped, 0u);
  } else {
    EXPECT_GT(waited, 0u) << "no full disk was waited out";
  }
}

INSTANTIATE_TEST_SUITE_P(All, IoFaultTest,
                         testing::Values(FaultCase{"io_error_once", Fault::kIoError, false, true},
                                         FaultCase{"full_lasting", Fault::kFull, true, false},
                                         FaultCase{"short_once", Fault::kShort, false, false}),
                         [](const auto& row) { return std::string(row.param.name); });

/// Confirmations of a process that dies: number, run, ended.
struct Told {
  std::uint64_t number;
  std::int64_t run;
  std::uint64_t ended;
};

/// A child lives with a sync that fails, which ends it; this process hears what it confirmed.
int live_in_child(Orders& orders, FaultVfs& disk, Fault fault, std::uint64_t at) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ends[0]);
    std::freopen("/dev/null", "w", stderr);
    orders.tell = [&](std::size_t number, RunNo run, bool ended) {
      const Told told{number, run, ended ? 1u : 0u};
      if (::write(ends[1], &told, sizeof told) != sizeof told) ::_exit(99);
    };
    disk.arm(fault, at);
    const Result<> lived = orders.live(disk);
    ::_exit(lived.has_value() ? 0 : 1);
  }
  ::close(ends[1]);
  Told told{};
  while (::read(ends[0], &told, sizeof told) == sizeof told) {
    orders.learn(told.number, told.run, told.ended != 0);
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

class SyncFaultTest : public testing::TestWithParam<Fault> {};

/// Also where the kernel takes the pages for clean after it, as Linux does: the next sync succeeds,
/// memory has what was written, and the disk has not.
TEST_P(SyncFaultTest, AfterAnySyncThatFailsTheProcessEndsAndTheNextOneGoesOn) {
  int aborts = 0;
  for (std::uint64_t at = 1;; ++at) {
    FaultVfs disk;
    Orders orders;
    const int status = live_in_child(orders, disk, GetParam(), at);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;  // it has no so many
    // Before it was ready it may say so instead.
    const bool refused = WIFEXITED(status) && WEXITSTATUS(status) == 1 && orders.confirmed() == 0;
    const bool aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    ASSERT_TRUE(refused || aborted) << "sync " << at << " was passed over: " << status;
    aborts += aborted ? 1 : 0;
    for (const char* suffix : {"", "-wal"}) FaultVfs::take_disk(orders.database() + suffix);
    const Result<> again = orders.live(disk);
    ASSERT_TRUE(again.has_value()) << at << ": " << again.error().message;
    ASSERT_EQ(orders.confirmed(), 3u);
    ASSERT_EQ(text(orders.flaws()), "") << "sync " << at;
  }
  EXPECT_GE(aborts, 5) << "too few syncs to prove anything";
}

INSTANTIATE_TEST_SUITE_P(All, SyncFaultTest, testing::Values(Fault::kSync, Fault::kForget),
                         [](const auto& row) {
                           return std::string(row.param == Fault::kSync ? "kept" : "dropped");
                         });

}  // namespace
}  // namespace cordyna::faults
