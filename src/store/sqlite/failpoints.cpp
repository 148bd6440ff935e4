#include "store/sqlite/failpoints.hpp"

#ifdef CORDYNA_FAILPOINTS

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace cordyna::sqlite {
namespace {

// 0: `point` does not begin with `name`, or no number above 0 follows.
std::uint64_t parse(std::string_view point, std::string_view name) {
  if (!point.starts_with(name)) return 0;
  point.remove_prefix(name.size());
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(point.data(), point.data() + point.size(), number);
  return parsed.ptr == point.data() + point.size() ? number : 0;
}

}  // namespace

CommitFailpoints::CommitFailpoints() {
  if (const char* file = std::getenv("DYNA_FAILPOINT_COUNT")) count_file_ = file;
  const char* point = std::getenv("DYNA_FAILPOINT");
  if (point == nullptr || *point == '\0') return;
  kill_before_ = parse(point, "before_commit:");
  kill_after_ = parse(point, "after_commit:");
  if (kill_before_ == 0 && kill_after_ == 0) {
    std::fprintf(stderr, "DYNA_FAILPOINT='%s' is neither before_commit:N nor after_commit:N\n",
                 point);
    std::abort();
  }
}

CommitFailpoints::~CommitFailpoints() {
  if (!count_file_.empty()) std::ofstream(count_file_) << commits_ << '\n';
}

void CommitFailpoints::before_commit() {
  if (++commits_ == kill_before_) std::raise(SIGKILL);
}

void CommitFailpoints::after_commit() {
  if (commits_ == kill_after_) std::raise(SIGKILL);
}

}  // namespace cordyna::sqlite

#endif
