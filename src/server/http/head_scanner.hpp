/// Finds the end of a request's head, and refuses the bytes on which servers and proxies disagree,
/// before anything reads a meaning into them.
///
/// Refused: NUL and other control characters, LF or CR alone, folded lines, a head that is too long
/// or has too many lines, a first line without a version that is ours.
/// Pure. Source: RFC 9112, 2.2, 5.2, 11. Internal to this folder. Threads: one.
#pragma once

#include <cstddef>
#include <string_view>

namespace cordyna::server {

struct Refusal {
  int status = 0;  ///< 0: none
  std::string_view detail;
};

class HeadScanner {
 public:
  HeadScanner(std::size_t bytes_max, std::size_t headers_max)
      : bytes_max_(bytes_max), headers_max_(headers_max) {}

  /// `bytes`: everything since the head began, at each call. The size of the head; 0: it is not
  /// whole yet, or refused.
  [[nodiscard]] std::size_t scan(std::string_view bytes);
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }

 private:
  bool refuse(int status, std::string_view detail);
  [[nodiscard]] bool take_char(std::string_view bytes, std::size_t at);
  [[nodiscard]] bool take_line(std::string_view line);
  [[nodiscard]] bool check_first_line(std::string_view line);

  std::size_t bytes_max_;
  std::size_t headers_max_;
  std::size_t scanned_ = 0;
  std::size_t line_begin_ = 0;
  std::size_t lines_ = 0;
  Refusal refusal_;
};

}  // namespace cordyna::server
