/// Where a test kills the process: around the n-th commit. Empty without CORDYNA_FAILPOINTS.
///
/// DYNA_FAILPOINT="before_commit:N" or "after_commit:N" raises SIGKILL just before or after the
/// N-th commit of the store (from 1; opening does not count). DYNA_FAILPOINT_COUNT=FILE: the number
/// of commits is written to FILE when the store is closed. A value that is none aborts.
#pragma once

#include <cstdint>
#include <string>

namespace cordyna::sqlite {

#ifdef CORDYNA_FAILPOINTS
class CommitFailpoints {
 public:
  CommitFailpoints();
  ~CommitFailpoints();
  CommitFailpoints(const CommitFailpoints&) = delete;
  CommitFailpoints& operator=(const CommitFailpoints&) = delete;

  void before_commit();
  void after_commit();

 private:
  std::uint64_t commits_ = 0;
  std::uint64_t kill_before_ = 0;  // 0: never
  std::uint64_t kill_after_ = 0;
  std::string count_file_;
};
#else
class CommitFailpoints {
 public:
  void before_commit() {}
  void after_commit() {}
};
#endif

}  // namespace cordyna::sqlite
