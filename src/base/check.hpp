/// `CHECK(condition)`: a bug ends the program, in release builds too, saying where.
///
/// For what only a bug of ours can break. User input never reaches a CHECK. Two conditions are two
/// CHECKs. The state on disk is safe: an aborted program is a crash, and a crash is recovered from.
#pragma once

namespace cordyna {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace cordyna

#define CHECK(condition)                                       \
  do {                                                         \
    if (!(condition)) [[unlikely]] {                           \
      ::cordyna::check_failed(#condition, __FILE__, __LINE__); \
    }                                                          \
  } while (false)
